// What a grading says of the tests that did not pass.

#include "workbook/failure_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "workbook/text_file.hpp"

namespace workbook {

namespace {

constexpr std::size_t most_others = 12;

bool is_failure(const graded& each) {
  return !each.passed() && each.result.status != verdict::not_written;
}

/// Lanes are columns, so their lines are not broken; a long sentence
/// is, at blanks.
bool is_lane(const std::string& line) {
  return trimmed(line).find("  ") != std::string_view::npos;
}

/// Indented as far as the widest lane allows.
std::string shown_message(const std::string& message) {
  std::size_t widest = 0;
  for (const std::string& line : lines_of(message)) {
    widest = std::max(widest, is_lane(line) ? columns(line) : 0);
  }
  const std::size_t room =
      widest < page_width ? page_width - widest : 0;
  const std::string indent(std::min<std::size_t>(room, 4), ' ');
  std::string text;
  for (const std::string& line : lines_of(message)) {
    if (is_lane(line) || columns(line) <= page_width - 4) {
      text += line.empty() ? "\n" : indent + line + "\n";
      continue;
    }
    for (const std::string& part : wrapped(line, page_width - 4)) {
      text += indent + part + "\n";
    }
  }
  return text;
}

std::string heading(const graded& each, const screen& look) {
  std::string status(name_of(each.result.status));
  const std::string left = each.test.id;
  const std::string right = fmt::format(
      "{}, step {}, {} point{}",
      status == "not_run" ? "not run" : status, each.test.step,
      each.test.points, each.test.points == 1 ? "" : "s");
  const std::size_t taken = columns(left) + columns(right) + 6;
  return fmt::format("\n  {} {}{}{}\n", look.red("✗"), look.bold(left),
                     std::string(taken < 78 ? 78 - taken : 2, ' '),
                     look.dim(right));
}

std::string in_full(const workspace& where, const chapter& of,
                    const record& all, const graded& each,
                    const screen& look) {
  std::string text = heading(each, look);
  if (!each.result.promise.empty()) {
    for (const std::string& line :
         wrapped("promised: " + each.result.promise, page_width - 4)) {
      text += "    " + line + "\n";
    }
  }
  text += "\n" + shown_message(each.result.message) + "\n";
  if (each.result.status != verdict::not_run) {
    text += fmt::format("    {} {}\n", look.dim("replay "),
                        replay_command(all, each));
  }
  const auto picture = lanes_of(where, all.lab, all.variant) /
                       (each.test.full_name() + ".svg");
  if (std::filesystem::exists(picture)) {
    text += fmt::format("    {} {}\n", look.dim("picture"),
                        where.shown(picture));
  }
  const auto book = where.root / "build" / "book" / "html";
  text +=
      fmt::format("    {} {}\n", look.dim("read   "),
                  where.shown(book / section_of(of, each.test.step)));
  return text;
}

std::string in_a_line(const graded& each, const screen& look) {
  const std::string mark = fmt::format("  {} {:<4} {}  ", look.red("✗"),
                                       each.test.step, each.test.id);
  const std::size_t taken = 11 + columns(each.test.id);
  const std::size_t room =
      taken + 12 < page_width ? page_width - 1 - taken : 12;
  const std::string why = first_line(each.result.message);
  return mark +
         look.dim(columns(why) > room ? fitted(why, room) : why) + "\n";
}

std::string unwritten(const chapter& of, const record& all,
                      const screen& look) {
  std::string text;
  for (const step& each : of.steps) {
    int count = 0;
    for (const graded& test : all.tests) {
      count += test.result.status == verdict::not_written &&
                       test.result.step_not_written == each.id
                   ? 1
                   : 0;
    }
    if (count > 0) {
      text += look.dim(fmt::format(
                  "  · step {} is not written yet; {} test{} for it",
                  each.id, count, count == 1 ? " waits" : "s wait")) +
              "\n";
    }
  }
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::string failures_text(const workspace& where, const chapter& of,
                          const record& all, const screen& look) {
  const graded* first = nullptr;
  std::vector<const graded*> others;
  int same = 0;
  for (const graded& each : all.tests) {
    if (!is_failure(each)) {
      continue;
    }
    if (first == nullptr) {
      first = &each;
    } else if (each.result.status == verdict::not_run &&
               each.result.message == first->result.message) {
      ++same;
    } else {
      others.push_back(&each);
    }
  }
  std::string text;
  if (first != nullptr) {
    text += in_full(where, of, all, *first, look);
  }
  if (same > 0) {
    text +=
        fmt::format("\n    {} more test{} for the same reason.\n", same,
                    same == 1 ? " was not run" : "s were not run");
  }
  text += others.empty() ? "" : "\n";
  for (std::size_t i = 0; i < others.size() && i < most_others; ++i) {
    text += in_a_line(*others[i], look);
  }
  if (others.size() > most_others) {
    text += look.dim(fmt::format("    … and {} more\n",
                                 others.size() - most_others));
  }
  return text + unwritten(of, all, look);
}

}  // namespace workbook
