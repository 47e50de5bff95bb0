// Grades a lab: builds its tests, runs each, and records the verdicts.

#include "workbook/grade.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include "workbook/matrix_programs.hpp"
#include "workbook/problem.hpp"
#include "workbook/submission_lint.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

void check_files(const workspace& where, const chapter& of,
                 const grade_request& wanted, const fs::path& own) {
  std::string missing;
  for (const std::string& name : of.all_files()) {
    const auto file = own / name;
    if (!std::filesystem::exists(file)) {
      missing +=
          fmt::format("{}{}: is not there", missing.empty() ? "" : "\n",
                      where.shown(file));
    }
  }
  if (!missing.empty() && wanted.variant == "labs") {
    throw problem("{}; `make reset LAB={}` writes it anew", missing,
                  of.number());
  }
  if (!missing.empty()) {
    throw problem("{}", missing);
  }
}

/// Every test with what the last record says of it.
std::vector<graded> as_recorded(const workspace& where,
                                const chapter& of,
                                const grade_request& wanted,
                                std::vector<graded_test> tests) {
  std::map<std::string, outcome> last;
  if (!wanted.step.empty()) {
    if (const auto before = read_record(where, of, wanted.variant)) {
      for (const graded& each : before->tests) {
        last[each.test.id] = each.result;
      }
    }
  }
  std::vector<graded> all;
  for (graded_test& test : tests) {
    graded each{std::move(test), {}};
    const auto known = last.find(each.test.id);
    if (known != last.end()) {
      each.result = known->second;
    } else {
      each.result.message = "was not asked for";
      each.result.promise = each.test.promise;
    }
    all.push_back(std::move(each));
  }
  return all;
}

/// The tests that are asked for, as jobs.
std::vector<test_job> jobs_of(const workspace& where, const chapter& of,
                              const grade_request& wanted,
                              const variant& judged,
                              const std::vector<graded>& all) {
  std::vector<test_job> jobs;
  for (const graded& each : all) {
    if (wanted.step.empty() || each.test.step == wanted.step) {
      jobs.push_back(job_for(where, of, each.test, judged));
      jobs.back().lanes = lanes_of(where, of.lab, wanted.variant);
    }
  }
  return jobs;
}

void take_over(std::vector<test_job>& jobs, std::vector<graded>& all) {
  for (graded& each : all) {
    for (test_job& job : jobs) {
      if (job.test.id == each.test.id) {
        each.result = std::move(job.result);
        break;
      }
    }
  }
}

/// Nothing is built of what does not play fair.
void refuse(std::vector<test_job>& jobs, const std::string& why,
            const pipeline_listener& listener) {
  if (listener.on_start) {
    listener.on_start(jobs.size());
  }
  for (test_job& job : jobs) {
    job.result.status = verdict::not_run;
    job.result.message = why;
    job.result.promise = job.test.promise;
    if (listener.on_verdict) {
      listener.on_verdict(job);
    }
  }
}

void check_step(const chapter& of, const std::string& id) {
  if (!id.empty() && of.place_of(id) == of.steps.size()) {
    throw problem("chapter {} has no step {}; its steps are {}", of.lab,
                  id, of.step_list());
  }
}

}  // namespace

record grade(const workspace& where, const chapter& of,
             const grade_request& wanted,
             const pipeline_listener& listener) {
  const auto start = std::chrono::steady_clock::now();
  check_step(of, wanted.step);
  const variant judged = variant::parse(wanted.variant, of, where);
  const fs::path own = judged.sources(where, of);
  std::vector<graded> all =
      as_recorded(where, of, wanted, list_tests(where, of));
  if (!judged.in_matrix()) {  // an alternative has the files it likes
    check_files(where, of, wanted, own);
  }
  configure(where, {"WORKBOOK_BASE=" + wanted.base});
  std::vector<test_job> jobs = jobs_of(where, of, wanted, judged, all);
  const std::string violation =
      judged.what == variant::kind::lab
          ? first_violation(where, of, own, wanted.base)
          : "";
  if (violation.empty() && judged.in_matrix()) {
    run_matrix(where, jobs, wanted.cores, listener);
  } else if (violation.empty()) {
    pipeline(where, jobs, wanted.cores, listener).run();
  } else {
    refuse(jobs, violation, listener);
  }
  take_over(jobs, all);
  record result;
  result.lab = of.lab;
  result.title = of.title;
  result.page = of.page;
  result.variant = wanted.variant;
  result.base = wanted.base;
  result.runtime = runtime_of(judged.tree(where));
  result.partial = wanted.step;
  result.finished = time_stamp();
  result.duration = std::chrono::duration<double>(
                        std::chrono::steady_clock::now() - start)
                        .count();
  result.tests = std::move(all);
  return result;
}

}  // namespace workbook
