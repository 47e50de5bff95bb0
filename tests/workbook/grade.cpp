// Grades a lab: builds its tests, runs each, and records the verdicts.

#include "workbook/grade.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "workbook/begun_steps.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/matrix_programs.hpp"
#include "workbook/problem.hpp"
#include "workbook/report.hpp"
#include "workbook/submission_lint.hpp"
#include "workbook/test_inputs.hpp"

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

void check_step(const chapter& of, const std::string& id) {
  if (!id.empty() && of.place_of(id) == of.steps.size()) {
    throw problem("chapter {} has no step {}; its steps are {}", of.lab,
                  id, of.step_list());
  }
}

/// Whether a verdict holds until the sources change. On real threads
/// and real time a failure may have had another cause.
bool is_final(const graded& each) {
  const verdict status = each.result.status;
  return status == verdict::pass || status == verdict::not_written ||
         (status == verdict::fail && each.test.kind == "explored");
}

/// One grading of one variant of a lab.
class grading_run {
 public:
  grading_run(const workspace& where, const chapter& of,
              const grade_request& wanted,
              const pipeline_listener& listener)
      : where_(where),
        of_(of),
        wanted_(wanted),
        listener_(listener),
        judged_(variant::parse(wanted.variant, of, where)),
        inputs_(where, of, judged_, wanted.base) {
    result_.lab = of.lab;
    result_.title = of.title;
    result_.page = of.page;
    result_.variant = wanted.variant;
    result_.base = wanted.base;
    take_known();
  }

  record run(const step_sink& on_step) {
    if (!judged_
             .in_matrix()) {  // an alternative has the files it likes
      check_files(where_, of_, wanted_, judged_.sources(where_, of_));
    }
    configure(where_, {"WORKBOOK_BASE=" + wanted_.base});
    const std::string at_hand = step_at_hand();
    result_.at_hand = at_hand;
    judge([&](const graded& each) {
      return each.test.step == at_hand &&
             (!wanted_.step.empty() || must_run(each) ||
              each.result.status == verdict::not_written);
    });
    finish();
    if (on_step && !interrupted()) {
      on_step(result_);
    }
    if (wanted_.step.empty() || result_.of_step(at_hand).full()) {
      judge([&](const graded& each) {
        return each.test.step != at_hand && must_run(each);
      });
    }
    finish();
    return std::move(result_);
  }

 private:
  /// Every test with what is still true of it.
  void take_known() {
    std::map<std::string, outcome> last;
    if (const auto before = read_readable()) {
      for (const graded& each : before->tests) {
        last[each.test.id] = each.result;
      }
    }
    for (graded_test& test : list_tests(where_, of_)) {
      const auto known = last.find(test.id);
      const bool ever =
          known != last.end() &&
          (known->second.older || !known->second.made_from.empty());
      outcome result = not_run_since(ever, test.promise);
      if (ever && known->second.made_from == inputs_.of(test)) {
        result = known->second;
      } else if (!wanted_.fresh && begun_.is_not_begun(test.step)) {
        result = outcome{};
        result.status = verdict::not_written;
        result.step_not_written = test.step;
        result.message =
            fmt::format("step {} is not written yet", test.step);
        result.promise = test.promise;
        result.made_from = inputs_.of(test);
      }
      result_.tests.push_back({std::move(test), std::move(result)});
    }
  }

  /// A record that cannot be read says nothing, unless it is all that
  /// a grading of one step would leave of the others.
  [[nodiscard]] std::optional<record> read_readable() const {
    try {
      return read_record(where_, of_, wanted_.variant);
    } catch (const problem&) {
      if (!wanted_.step.empty()) {
        throw;
      }
      return std::nullopt;
    }
  }

  [[nodiscard]] std::string step_at_hand() const {
    if (!wanted_.step.empty()) {
      return wanted_.step;
    }
    const step* next = next_step(of_, result_);
    return next == nullptr ? of_.steps.front().id : next->id;
  }

  [[nodiscard]] bool must_run(const graded& each) const {
    return wanted_.fresh || each.result.made_from.empty() ||
           !is_final(each);
  }

  void judge(const std::function<bool(const graded&)>& is_wanted) {
    std::vector<test_job> jobs;
    for (const graded& each : result_.tests) {
      if (is_wanted(each) && !each.result.just_now) {
        jobs.push_back(job_for(where_, of_, each.test, judged_));
        jobs.back().lanes = lanes_of(where_, of_.lab, wanted_.variant);
      }
    }
    if (jobs.empty() || interrupted()) {
      return;
    }
    const std::string violation = violation_of_lab();
    if (!violation.empty()) {
      refuse(jobs, violation);
    } else if (judged_.in_matrix()) {
      run_matrix(where_, jobs, wanted_.cores, listener_);
    } else {
      pipeline(where_, jobs, wanted_.cores, listener_).run();
    }
    take_over(jobs);
  }

  const std::string& violation_of_lab() {
    if (!violation_) {
      violation_ = judged_.what == variant::kind::lab
                       ? first_violation(where_, of_, place_of_lab(),
                                         plain_preprocessor(where_))
                       : "";
    }
    return *violation_;
  }

  [[nodiscard]] submission_place place_of_lab() const {
    return {judged_.sources(where_, of_), where_.root / wanted_.base,
            wanted_.base == "labs"};
  }

  /// Nothing is built of what does not play fair.
  void refuse(std::vector<test_job>& jobs, const std::string& why) {
    if (listener_.on_start) {
      listener_.on_start(jobs.size());
    }
    for (test_job& job : jobs) {
      job.result.status = verdict::not_run;
      job.result.message = why;
      job.result.promise = job.test.promise;
      if (listener_.on_verdict) {
        listener_.on_verdict(job);
      }
    }
  }

  void take_over(std::vector<test_job>& jobs) {
    for (graded& each : result_.tests) {
      for (test_job& job : jobs) {
        if (job.test.id == each.test.id) {
          each.result = std::move(job.result);
          each.result.made_from = inputs_.of(each.test);
          each.result.just_now = true;
          break;
        }
      }
    }
  }

  void finish() {
    const bool all =
        std::all_of(result_.tests.begin(), result_.tests.end(),
                    [](const graded& each) {
                      return !each.result.made_from.empty();
                    });
    result_.runtime = runtime_of(judged_.tree(where_));
    result_.partial = all ? "" : wanted_.step;
    result_.finished = time_stamp();
    result_.duration = std::chrono::duration<double>(
                           std::chrono::steady_clock::now() - start_)
                           .count();
  }

  const std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
  const workspace& where_;
  const chapter& of_;
  const grade_request& wanted_;
  const pipeline_listener& listener_;
  const variant judged_;
  test_inputs inputs_;
  const begun_steps begun_{where_, of_, judged_};
  std::optional<std::string> violation_;
  record result_;
};

}  // namespace

record grade(const workspace& where, const chapter& of,
             const grade_request& wanted,
             const pipeline_listener& listener,
             const step_sink& on_step) {
  check_step(of, wanted.step);
  return grading_run(where, of, wanted, listener).run(on_step);
}

}  // namespace workbook
