// What a grading looks like on a terminal of 80 columns.

#include "workbook/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "workbook/failure_report.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t step_title_width = 40;
constexpr std::size_t step_bar_width = 20;

std::string step_line(const step& each, const step_score& points,
                      const screen& look) {
  const std::string drawn =
      bar(points.score, points.max_score, step_bar_width);
  const std::string marks =
      fmt::format("{:>3} of {:>3}", points.score, points.max_score);
  const auto coloured = [&](const std::string& text) {
    if (points.full()) {
      return look.green(text);
    }
    return points.score == 0 ? look.dim(text) : text;
  };
  return fmt::format(
      "  {:<4} {} {} {}\n", each.id,
      fitted(each.title + (each.bonus ? " (bonus)" : ""), step_title_width),
      coloured(drawn), coloured(marks));
}

/// The line where the reader's file speaks of step `id`, or 0.
std::size_t line_of_step(const fs::path& file, const std::string& id) {
  std::error_code failed;
  if (!fs::is_regular_file(file, failed)) {
    return 0;
  }
  std::size_t number = 0;
  for (const std::string& line : lines_of(read_text(file))) {
    ++number;
    if (line.find("TODO(" + id + ")") != std::string::npos ||
        line.find("\"" + id + "\"") != std::string::npos) {
      return number;
    }
  }
  return 0;
}

/// "labs/01_pooling/task_pool.hpp:31".
std::string place_of_step(const workspace& where, const chapter& of,
                          const step& next,
                          const std::string& variant) {
  const fs::path folder = where.root / variant / of.lab;
  if (!next.file.empty()) {
    return where.shown(folder / next.file);
  }
  for (const std::string& name : of.files) {
    const std::size_t line = line_of_step(folder / name, next.id);
    if (line != 0) {
      return fmt::format("{}:{}", where.shown(folder / name), line);
    }
  }
  return of.files.empty() ? where.shown(folder)
                          : where.shown(folder / of.files.front());
}

}  // namespace

std::string steps_text(const chapter& of, const record& graded,
                       const screen& look) {
  const std::string marks = fmt::format(
      "{} of {}{}", graded.score(), graded.max_score(),
      graded.bonus() > 0 ? fmt::format(" + {}", graded.bonus()) : "");
  const std::string name = fmt::format("{} {}", of.number(), of.title);
  const std::string variant =
      graded.variant == "labs" ? "" : "  (" + graded.variant + ")";
  const std::size_t taken =
      columns(name) + columns(variant) + columns(marks) + 4;
  std::string text = fmt::format(
      "\n  {}{}{}{}\n\n", look.bold(name), look.dim(variant),
      std::string(taken < 78 ? 78 - taken : 1, ' '), look.bold(marks));
  for (const step& each : of.steps) {
    text += step_line(each, graded.of_step(each.id), look);
  }
  return text;
}

const step* next_step(const chapter& of, const record& graded) {
  for (const bool bonus : {false, true}) {
    for (const step& each : of.steps) {
      if (each.bonus == bonus && !graded.of_step(each.id).full()) {
        return &each;
      }
    }
  }
  return nullptr;
}

std::string next_step_text(const workspace& where, const chapter& of,
                           const record& graded, const screen& look) {
  const step* next = next_step(of, graded);
  if (next == nullptr) {
    return fmt::format("\n  {} Every promise of this lab is kept.\n",
                       look.green("Done."));
  }
  const std::string minutes =
      next->minutes > 0
          ? fmt::format(", about {} minutes", next->minutes)
          : "";
  return fmt::format("\n  {} {}  {}{}\n        {}\n        {}\n",
                     look.bold("Next"), look.bold(next->id),
                     next->title, minutes,
                     place_of_step(where, of, *next, graded.variant),
                     look.dim("stuck?  make hint STEP=" + next->id));
}

std::string runtime_text(const record& graded, const screen& look) {
  if (graded.runtime == "explore") {
    return {};
  }
  int beyond = 0;
  for (const auto& each : graded.tests) {
    beyond += each.test.kind == "explored" &&
                      each.result.status == verdict::not_run
                  ? each.test.points
                  : 0;
  }
  return fmt::format(
      "\n  {}\n  Tests ran on real threads{}: a pass may be luck.{}\n",
      look.red("The explorer does not work on this machine."),
      graded.runtime == "tsan" ? " under ThreadSanitizer" : "",
      beyond == 0 ? ""
                  : fmt::format(" {} of 100 points need it.", beyond));
}

std::string report_text(const workspace& where, const chapter& of,
                        const record& graded, const screen& look) {
  return steps_text(of, graded, look) + runtime_text(graded, look) +
         failures_text(where, of, graded, look) +
         next_step_text(where, of, graded, look) + "\n";
}

void live_progress::activity(const std::string& doing) {
  doing_ = doing;
  draw();
}

void live_progress::verdict(const graded_test& test,
                            const outcome& result) {
  ++done_;
  passed_ += result.status == workbook::verdict::pass ? 1 : 0;
  if (look_.moving) {
    draw();
    return;
  }
  std::string status(name_of(result.status));
  std::replace(status.begin(), status.end(), '_', ' ');
  fmt::print("  {:>3} of {}  {:<14}  {}\n", done_, tests_, status,
             test.id);
  std::fflush(stdout);
}

void live_progress::draw() const {
  look_.show_in_place(
      fitted(fmt::format("  {} {} of {}, {} passed  {}",
                         bar(static_cast<double>(done_),
                             static_cast<double>(tests_), step_bar_width),
                         done_, tests_, passed_, doing_),
             79));
}

}  // namespace workbook
