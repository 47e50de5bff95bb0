// The references under the real sanitizers: a second opinion.

#include "workbook/sanitizers.hpp"

#include <fmt/format.h>

#include "workbook/graded_tests.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

std::vector<test_job> jobs_of(const workspace& where,
                              const std::vector<chapter>& of) {
  std::vector<test_job> jobs;
  for (const chapter& each : of) {
    for (const graded_test& test : list_tests(where, each)) {
      if (!each.breaks(test.step)) {
        test_job job =
            job_for(where, each, test, {variant::kind::reference, {}});
        job.program.unit = test.unit_together();
        job.sanitized = true;
        jobs.push_back(std::move(job));
      }
    }
  }
  return jobs;
}

/// What is wrong with one test under a sanitizer; "" if nothing is.
std::string complaint_of(const test_job& job) {
  const std::string said = sanitizer_complaint(job.result.output);
  if (!said.empty()) {
    return fmt::format("{}: {}", job.test.id, said);
  }
  if (job.result.unavailable) {
    return {};  // there is nothing to be said of it here
  }
  const verdict status = job.result.status;
  if (status == verdict::crash || status == verdict::not_run ||
      status == verdict::infrastructure) {
    return fmt::format("{}: {}: {}", job.test.id, name_of(status),
                       job.result.message);
  }
  return {};
}

}  // namespace

std::string sanitizer_complaint(const std::string& output) {
  for (const std::string& line : lines_of(output)) {
    for (const char* word :
         {"WARNING: ThreadSanitizer", "ERROR: AddressSanitizer",
          "ERROR: LeakSanitizer",
          "runtime error:", "FATAL: ThreadSanitizer"}) {
      if (line.find(word) != std::string::npos) {
        return std::string(trimmed(line));
      }
    }
  }
  return {};
}

matrix_table check_sanitizer(const workspace& where,
                             const std::vector<chapter>& of,
                             const std::string& which, unsigned cores,
                             const pipeline_listener& listener) {
  const workspace own{where.root, where.root / "build" / which};
  configure(own, {"WORKBOOK_RUNTIME=" + which});
  std::vector<test_job> jobs = jobs_of(own, of);
  pipeline(own, jobs, cores, listener).run();
  matrix_table table{
      fmt::format("references are clean under {}", which), {}};
  for (const chapter& each : of) {
    matrix_row row;
    row.name = each.number() + " " + each.title;
    int looked_at = 0;
    for (const test_job& job : jobs) {
      if (job.program.lab != each.lab) {
        continue;
      }
      ++looked_at;
      const std::string wrong = complaint_of(job);
      if (!wrong.empty()) {
        row.wrongs.push_back(wrong);
      }
    }
    row.found = fmt::format("{} tests, {} complaints", looked_at,
                            row.wrongs.size());
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace workbook
