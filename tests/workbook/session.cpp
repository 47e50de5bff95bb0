// One grading as a reader sees it.

#include "workbook/session.hpp"

#include <algorithm>

#include "workbook/graded_tests.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/report.hpp"

namespace workbook {

std::optional<record> grade_on_screen(const workspace& where,
                                      const chapter& of,
                                      const grade_request& wanted,
                                      const screen& look,
                                      const step_sink& on_step) {
  live_progress progress(look);
  pipeline_listener listener;
  listener.on_start = [&](std::size_t tests) {
    progress.expect(tests);
  };
  listener.on_activity = [&](const std::string& doing) {
    progress.activity(doing);
  };
  listener.on_verdict = [&](const test_job& done) {
    progress.verdict(done.result);
  };
  const record result =
      grade(where, of, wanted, listener, [&](const record& so_far) {
        progress.finish();
        if (on_step) {
          on_step(so_far);
        }
      });
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
  try {
    const auto last = current_record(where, of, "labs");
    return !last ||
           std::any_of(last->tests.begin(), last->tests.end(),
                       [](const graded& each) {
                         return each.result.made_from.empty() ||
                                each.result.status ==
                                    verdict::infrastructure;
                       });
  } catch (const problem&) {
    return true;
  }
}

bool is_done(const workspace& where, const chapter& of) {
  try {
    const auto last = current_record(where, of, "labs");
    return last && last->score() == last->max_score();
  } catch (const problem&) {
    return false;
  }
}

}  // namespace workbook
