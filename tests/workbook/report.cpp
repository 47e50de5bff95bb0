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
  const std::string title = fitted(
      each.title + (each.bonus ? " (bonus)" : ""), step_title_width);
  if (points.older) {
    return fmt::format("  {:<4} {} {}\n", each.id, title,
                       look.dim("not run since your last change"));
  }
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
  return fmt::format("  {:<4} {} {} {}\n", each.id, title,
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

/// The file that the step is written in: where its solution is.
std::string file_of_step(const workspace& where, const chapter& of,
                         const step& wanted) {
  if (!wanted.file.empty()) {
    return wanted.file;
  }
  for (const std::string& name : of.files) {
    const fs::path file = where.root / "solutions" / of.lab / name;
    std::error_code failed;
    if (fs::is_regular_file(file, failed) &&
        read_text(file).find("// [" + wanted.id + " ") !=
            std::string::npos) {
      return name;
    }
  }
  return {};
}

/// "labs/01_pooling/task_pool.hpp:31".
std::string place_of_step(const workspace& where, const chapter& of,
                          const step& next,
                          const std::string& variant) {
  const fs::path folder = where.root / variant / of.lab;
  const std::string own = file_of_step(where, of, next);
  std::vector<std::string> names = of.files;
  if (!own.empty()) {
    names = {own};
  }
  for (const std::string& name : names) {
    const std::size_t line = line_of_step(folder / name, next.id);
    if (line != 0) {
      return fmt::format("{}:{}", where.shown(folder / name), line);
    }
  }
  return where.shown(names.empty() ? folder : folder / names.front());
}

/// The test that the reader should make pass first in this step.
const graded* failing_test(const record& all, const std::string& step) {
  for (const graded& each : all.tests) {
    if (each.test.step == step && !each.passed() &&
        each.result.status != verdict::not_written &&
        !each.result.older) {
      return &each;
    }
  }
  return nullptr;
}

std::string minutes_text(const step& next) {
  return next.minutes > 0
             ? fmt::format(", about {} minutes", next.minutes)
             : "";
}

/// At most `most` lines of `text`, and how many more there are.
std::string cut(const std::string& text, std::size_t most) {
  const auto lines = lines_of(text);
  if (lines.size() <= most || most == 0) {
    return text;
  }
  std::string kept;
  for (std::size_t i = 0; i + 1 < most; ++i) {
    kept += lines[i] + "\n";
  }
  return kept + fmt::format("    … {} more lines: make grade\n",
                            lines.size() - most + 1);
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

std::string place_in_book(const workspace& where, const chapter& of,
                          const std::string& step) {
  const std::string section = section_of(of, step);
  const fs::path page =
      where.root / "build" / "book" / "html" / (of.page + ".html");
  if (fs::exists(page)) {
    return where.shown(page.parent_path() / section);
  }
  return fmt::format("book/{}.md, step {} (make book: as a page)",
                     of.lab, step);
}

std::string next_step_text(const workspace& where, const chapter& of,
                           const record& graded, const screen& look) {
  const step* next = next_step(of, graded);
  if (next == nullptr) {
    return fmt::format("\n  {} Every promise of this lab is kept.\n",
                       look.green("Done."));
  }
  const workbook::graded* failing = failing_test(graded, next->id);
  std::string text = fmt::format(
      "\n  {} {}  {}{}\n", look.bold("Next"), look.bold(next->id),
      next->title, failing == nullptr ? minutes_text(*next) : "");
  if (failing != nullptr) {
    text += fmt::format("        fails  {} (tests/{}/{}:{})\n",
                        failing->test.id, of.lab, failing->test.file,
                        failing->test.line);
  }
  text +=
      fmt::format("        read   {}\n        write  {}\n        {}\n",
                  place_in_book(where, of, next->id),
                  place_of_step(where, of, *next, graded.variant),
                  look.dim("stuck?  make hint STEP=" + next->id));
  return text;
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

/// A "break it" that breaks now: what there is to see.
std::string broken_text(const chapter& of, const record& all,
                        const screen& look) {
  std::string text;
  for (const graded& each : all.tests) {
    if (each.passed() && each.result.just_now &&
        of.breaks(each.test.step)) {
      text += fmt::format(
          "\n  {} {} breaks as your schedule says. Line by line:\n"
          "    {}\n",
          look.green("✓"), each.test.id, replay_command(all, each));
    }
  }
  return text;
}

/// The steps, or, where there is little room, the one at hand.
std::string score_text(const chapter& of, const record& graded,
                       const screen& look, bool whole) {
  if (whole) {
    return steps_text(of, graded, look);
  }
  std::string text = "\n";
  for (const step& each : of.steps) {
    text += each.id == graded.at_hand
                ? step_line(each, graded.of_step(each.id), look)
                : "";
  }
  return text +
         fmt::format(
             "  {}  {}\n",
             look.bold(fmt::format("{} {}", of.number(), of.title)),
             look.bold(fmt::format("{} of {}", graded.score(),
                                   graded.max_score())));
}

std::string report_text(const workspace& where, const chapter& of,
                        const record& graded, const screen& look,
                        const report_form& form) {
  const bool whole = form.rows == 0;
  const std::string rest =
      broken_text(of, graded, look) +
      cut(other_failures_text(of, graded, look), whole ? 0 : 5) +
      runtime_text(graded, look) + score_text(of, graded, look, whole) +
      next_step_text(where, of, graded, look) + "\n";
  const workbook::graded* first = main_failure(of, graded);
  if (first == nullptr || first->test.id == form.shown) {
    return rest;
  }
  const std::size_t taken = lines_of(rest).size() + 2;
  const std::size_t room =
      whole ? 0 : std::max<std::size_t>(form.rows, taken + 5) - taken;
  return cut(failure_text(where, of, graded, *first, look), room) +
         rest;
}

void live_progress::activity(const std::string& doing) {
  doing_ = doing;
  draw();
}

void live_progress::verdict(const outcome& result) {
  ++done_;
  passed_ += result.status == workbook::verdict::pass ? 1 : 0;
  draw();
}

void live_progress::draw() const {
  look_.show_in_place(fitted(
      fmt::format("  {} {} of {}, {} passed  {}",
                  bar(static_cast<double>(done_),
                      static_cast<double>(tests_), step_bar_width),
                  done_, tests_, passed_, doing_),
      79));
}

}  // namespace workbook
