// workbook grade and board: grade labs, show and write what came out.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "workbook/board.hpp"
#include "workbook/commands.hpp"
#include "workbook/exporters.hpp"
#include "workbook/failure_report.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/labs.hpp"
#include "workbook/problem.hpp"
#include "workbook/report.hpp"
#include "workbook/session.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

struct grade_options {
  std::string lab;
  grade_request request;
  bool strict = false;
  bool autolab = false;
  bool github = std::getenv("GITHUB_ACTIONS") != nullptr;
  std::string junit;
  std::string gradescope;
};

void export_record(const grade_options& options, const record& result) {
  if (!options.junit.empty()) {
    write_text(options.junit, junit_xml(result));
  }
  if (!options.gradescope.empty()) {
    write_text(options.gradescope, gradescope_json(result));
  }
  if (options.github) {
    fmt::print("{}", github_annotations(result));
  }
  if (options.autolab) {
    fmt::print("{}\n", autolab_line(result));
  }
}

/// 2 if some test could not be run; 1 below full marks if that counts.
int status_of(const record& result, bool strict) {
  const bool full = result.score() == result.max_score();
  if (has_infrastructure(result) && !full) {
    fmt::print(stderr,
               "workbook: some tests could not be run, through no "
               "fault of the lab: status infrastructure\n");
    return 2;
  }
  return strict && !full ? 1 : 0;
}

/// Shows the failure of the step at hand when that is known, and the
/// rest when all is.
std::optional<record> grade_and_report(const workspace& where,
                                       const chapter& of,
                                       const grade_request& request,
                                       const screen& look) {
  report_form form;
  const auto result = grade_on_screen(
      where, of, request, look, [&](const record& so_far) {
        const graded* first = main_failure(of, so_far);
        if (first != nullptr && first->result.just_now) {
          form.shown = first->test.id;
          fmt::print("{}",
                     failure_text(where, of, so_far, *first, look));
          std::fflush(stdout);
        }
      });
  if (result) {
    fmt::print("{}", report_text(where, of, *result, look, form));
  }
  return result;
}

/// A machine that grades trusts no record.
bool is_machine(const grade_options& options) {
  return options.strict || options.autolab || options.github ||
         !options.junit.empty() || !options.gradescope.empty() ||
         std::getenv("CI") != nullptr;
}

int run_grade(const workspace& where, const grade_options& options) {
  const screen look = screen::of_standard_output();
  grade_request request = options.request;
  request.fresh = request.fresh || is_machine(options);
  if (options.lab.empty() && request.step.empty()) {
    throw problem(
        "which lab? `make grade LAB={}` or `make grade "
        "STEP=1.1`",
        where.labs().empty() ? "01" : where.labs().front());
  }
  const chapter of = chapter_of(
      where, options.lab.empty() ? where.lab_of_step(request.step)
                                 : options.lab);
  const auto result = grade_and_report(where, of, request, look);
  if (!result) {
    return interrupted_status;
  }
  fmt::print("  {}\n\n",
             look.dim(fmt::format(
                 "graded in {:.0f} s, recorded in {}", result->duration,
                 where.shown(where.results(of.lab, request.variant) /
                             "result.json"))));
  export_record(options, *result);
  return status_of(*result, options.strict);
}

/// The lab whose files were changed last, unless it is done; else the
/// first that is not.
const chapter* lab_at_hand(const workspace& where,
                           const std::vector<chapter>& of) {
  const chapter* found = nullptr;
  std::filesystem::file_time_type latest;
  for (const chapter& each : of) {
    std::error_code failed;
    if (!std::filesystem::exists(where.root / "labs" / each.lab,
                                 failed) ||
        is_done(where, each)) {
      continue;
    }
    const auto changed = last_change(where, each);
    if (found == nullptr || (changed && *changed > latest)) {
      found = &each;
      latest = changed.value_or(latest);
    }
  }
  return found;
}

/// Grades the lab at hand if it has changed since it was; shows all.
int run_board(const workspace& where, const grade_options& options) {
  const screen look = screen::of_standard_output();
  const std::vector<chapter> of = chapters(where, options.lab);
  const chapter* at_hand = lab_at_hand(where, of);
  int status = 0;
  if (at_hand != nullptr && is_stale(where, *at_hand)) {
    const auto result =
        grade_on_screen(where, *at_hand, options.request, look);
    if (!result) {
      return interrupted_status;
    }
    status = status_of(*result, false);
  }
  fmt::print("{}", board_text(where, of, at_hand, look));
  return status;
}

void add_board_command(command_line& to) {
  auto options = std::make_shared<grade_options>();
  options->request.cores =
      std::max(1U, std::thread::hardware_concurrency());
  options->request.fresh = false;
  CLI::App* board = to.add(
      "board", "grade the lab at hand; all labs and what is next",
      [&to, options] { return run_board(to.where, *options); });
  board->add_option("--lab", options->lab, "only this one");
  board
      ->add_option("--base", options->request.base,
                   "whose earlier labs they rest on")
      ->check(CLI::IsMember({"labs", "solutions"}));
}

void add_outputs(CLI::App& command, grade_options& options) {
  command.add_flag("--strict", options.strict,
                   "exit with 1 below full marks");
  command.add_option("--junit", options.junit,
                     "also write JUnit XML to this file");
  command.add_option("--gradescope", options.gradescope,
                     "also write Gradescope's results.json");
  command.add_flag("--autolab", options.autolab,
                   "print Autolab's line last");
  command.add_flag("--github", options.github,
                   "print annotations for GitHub");
}

}  // namespace

void add_grade_commands(command_line& to) {
  auto options = std::make_shared<grade_options>();
  options->request.cores =
      std::max(1U, std::thread::hardware_concurrency());
  options->request.fresh = false;
  CLI::App* command = to.add("grade", "grade a lab", [&to, options] {
    return run_grade(to.where, *options);
  });
  command->add_option("--lab", options->lab, "1, 01 or 01_pooling");
  command->add_option("--step", options->request.step,
                      "only this step: 1.2");
  command->add_option("--variant", options->request.variant,
                      "labs, solutions, alternatives.<name>");
  command
      ->add_option("--base", options->request.base,
                   "whose earlier labs it rests on")
      ->check(CLI::IsMember({"labs", "solutions"}));
  command->add_flag("--fresh", options->request.fresh,
                    "run every test, whatever is recorded");
  command
      ->add_option("--cores", options->request.cores,
                   "how many compilers and tests at once")
      ->check(CLI::Range(1, 64));
  add_outputs(*command, *options);
  add_board_command(to);
}

}  // namespace workbook
