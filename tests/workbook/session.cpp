// One grading as a reader sees it.

#include "workbook/session.hpp"

#include <algorithm>
#include <filesystem>

#include "workbook/graded_tests.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/report.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

std::size_t tests_asked(const std::vector<graded_test>& tests,
                        const std::string& step) {
  return static_cast<std::size_t>(std::count_if(
      tests.begin(), tests.end(), [&](const graded_test& each) {
        return step.empty() || each.step == step;
      }));
}

/// Whether a file below `folder` was changed after `time`.
bool any_newer(const fs::path& folder, fs::file_time_type time) {
  std::error_code failed;
  for (fs::recursive_directory_iterator each(folder, failed), end;
       !failed && each != end; each.increment(failed)) {
    std::error_code gone;
    if (each->is_regular_file(gone) &&
        each->last_write_time(gone) > time && !gone) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<record> grade_on_screen(const workspace& where,
                                      const chapter& of,
                                      const grade_request& wanted,
                                      const screen& look) {
  live_progress progress(
      tests_asked(list_tests(where, of), wanted.step), look);
  pipeline_listener listener;
  listener.on_activity = [&](const std::string& doing) {
    progress.activity(doing);
  };
  listener.on_verdict = [&](const test_job& done) {
    progress.verdict(done.test, done.result);
  };
  const record result = grade(where, of, wanted, listener);
  progress.finish();
  if (interrupted()) {
    fmt::print(stderr,
               "workbook: interrupted; the record is as it "
               "was\n");
    return std::nullopt;
  }
  write_record(where, result, of);
  return result;
}

bool has_infrastructure(const record& result) {
  return std::any_of(
      result.tests.begin(), result.tests.end(), [](const graded& each) {
        return each.result.status == verdict::infrastructure;
      });
}

bool is_stale(const workspace& where, const chapter& of) {
  const fs::path file = where.results(of.lab, "labs") / "result.json";
  std::error_code missing;
  const auto written = fs::last_write_time(file, missing);
  if (missing) {
    return true;
  }
  try {
    const auto last = read_record(where, of, "labs");
    if (!last->partial.empty() || has_infrastructure(*last)) {
      return true;
    }
  } catch (const problem&) {
    return true;
  }
  std::vector<fs::path> folders = {where.root / "labs" / of.lab,
                                   where.tests(of.lab)};
  for (const std::string& other : of.rests_on) {
    folders.push_back(where.root / "labs" / other);
  }
  return std::any_of(folders.begin(), folders.end(),
                     [&](const fs::path& folder) {
                       return any_newer(folder, written);
                     });
}

}  // namespace workbook
