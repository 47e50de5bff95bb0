// What a grading says of the tests that did not pass.

#include "workbook/failure_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <vector>

#include "workbook/report.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

constexpr std::size_t most_others = 12;

bool is_failure(const graded& each) {
  const outcome& result = each.result;
  return !each.passed() && result.status != verdict::not_written &&
         !(result.status == verdict::not_run &&
           result.made_from.empty());
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

/// "break it": the promise is the one that must break.
std::string promise_text(const chapter& of, const graded& each) {
  if (each.result.promise.empty() || of.breaks(each.test.step)) {
    return {};
  }
  std::string text;
  for (const std::string& line :
       wrapped("promised: " + each.result.promise, page_width - 4)) {
    text += "    " + line + "\n";
  }
  return text;
}

/// Which code a schedule of the reader's was run on.
std::string copy_text(const workspace& where, const chapter& of,
                      const graded& each, const screen& look) {
  if (!of.breaks(each.test.step)) {
    return {};
  }
  const step& own = of.steps[of.place_of(each.test.step)];
  const auto copy = where.build / of.lab / ("mutants." + own.mutant) /
                    "sources" / of.lab;
  return fmt::format("    {} {}/, the wrong copy of this exercise\n",
                     look.dim("code   "), where.shown(copy));
}

std::string in_a_line(const graded& each, const screen& look) {
  const std::string mark = fmt::format("  {} {:<4} {}  ", look.red("✗"),
                                       each.test.step, each.test.id);
  const std::size_t taken = 11 + columns(each.test.id);
  const std::string why = own_sentence(each.result.message);
  if (taken + columns(why) < page_width) {
    return mark + look.dim(why) + "\n";
  }
  std::string text = mark + "\n";
  for (const std::string& line : wrapped(why, page_width - 9)) {
    text += "         " + look.dim(line) + "\n";
  }
  return text;
}

/// Tests that reached a step which is not written, other than their
/// own: how many, for each such step.
std::string waiting_text(const chapter& of, const record& all,
                         const screen& look) {
  std::string text;
  for (const step& each : of.steps) {
    int count = 0;
    for (const graded& test : all.tests) {
      count += test.result.status == verdict::not_written &&
                       test.result.step_not_written == each.id &&
                       test.test.step != each.id
                   ? 1
                   : 0;
    }
    if (count > 0) {
      text +=
          look.dim(fmt::format(
              "  · {} test{} of other steps need{} step {}, which is "
              "not written yet",
              count, count == 1 ? "" : "s", count == 1 ? "s" : "",
              each.id)) +
          "\n";
    }
  }
  return text;
}

std::string not_run_text(const chapter& of, const record& all,
                         const screen& look) {
  const auto count = std::count_if(
      all.tests.begin(), all.tests.end(), [](const graded& each) {
        return each.result.status == verdict::not_run &&
               each.result.made_from.empty();
      });
  if (count == 0) {
    return {};
  }
  return look.dim(fmt::format(
             "  · {} test{} not run since your last change: "
             "make grade LAB={}",
             count, count == 1 ? " was" : "s were", of.number())) +
         "\n";
}

/// What says most exactly where to look comes first.
int exactness(const graded& each) {
  const std::string& message = each.result.message;
  const auto says = [&](const char* words) {
    return message.find(words) != std::string::npos;
  };
  if (each.result.status == verdict::not_run) {
    return 0;  // it does not compile: nothing else can be said
  }
  if (says("waits for itself")) {
    return 1;
  }
  return says("data race") || says("deadlock") ? 2 : 3;
}

/// By how near a failure is to what the reader does now.
int distance(const record& all, const graded& each) {
  const bool asked =
      each.test.step == all.partial || each.test.step == all.at_hand;
  return each.result.just_now ? (asked ? 0 : 1) : (asked ? 2 : 3);
}

/// GoogleTest's own words about a comparison.
bool is_comparison(std::string_view line) {
  const std::string_view text = trimmed(line);
  for (const char* begin : {"Expected", "Which is:", "Actual:",
                            "Value of:", "at ", "The difference"}) {
    if (text.starts_with(begin)) {
      return true;
    }
  }
  return text.empty();
}

std::size_t indent_of(const std::string& line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

/// The lines before the first blank one or the first table.
std::vector<std::string> first_paragraph(const std::string& message) {
  std::vector<std::string> lines;
  for (const std::string& line : lines_of(message)) {
    if (trimmed(line).empty() && !lines.empty()) {
      break;
    }
    if (!trimmed(line).empty()) {
      lines.push_back(line);
    }
  }
  return lines;
}

/// "Expected equality of these values:", a, b as one line.
std::string comparison_in_a_line(
    const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    const std::string part(trimmed(line));
    if (part.starts_with("at ")) {
      continue;
    }
    const bool joined = text.empty() || text.back() == ':' ||
                        part.starts_with("Which is:");
    text += (text.empty() ? "" : joined ? " " : ", ") + part;
  }
  return text;
}

}  // namespace

std::string own_sentence(const std::string& message) {
  const std::vector<std::string> lines = first_paragraph(message);
  if (lines.empty()) {
    return {};
  }
  if (!is_comparison(lines.front())) {
    return std::string(trimmed(lines.front()));
  }
  std::string sentence;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const bool own = indent_of(lines[i]) <= indent_of(lines[0]) &&
                     !is_comparison(lines[i]);
    sentence += own ? (sentence.empty() ? "" : " ") +
                          std::string(trimmed(lines[i]))
                    : "";
  }
  return sentence.empty() ? comparison_in_a_line(lines) : sentence;
}

const graded* main_failure(const chapter& of, const record& all) {
  const graded* best = nullptr;
  const auto key = [&](const graded& each) {
    return std::make_tuple(distance(all, each),
                           of.place_of(each.test.step),
                           exactness(each));
  };
  for (const graded& each : all.tests) {
    if (is_failure(each) &&
        (best == nullptr || key(each) < key(*best))) {
      best = &each;
    }
  }
  return best;
}

std::string failure_text(const workspace& where, const chapter& of,
                         const record& all, const graded& each,
                         const screen& look) {
  std::string text = heading(each, look) + promise_text(of, each);
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
  text += copy_text(where, of, each, look);
  text += fmt::format("    {} {}\n", look.dim("read   "),
                      place_in_book(where, of, each.test.step));
  return text;
}

std::string other_failures_text(const chapter& of, const record& all,
                                const screen& look) {
  const graded* first = main_failure(of, all);
  std::string lines;
  std::size_t count = 0;
  int same = 0;
  for (const graded& each : all.tests) {
    if (!is_failure(each) || &each == first) {
      continue;
    }
    if (each.result.status == verdict::not_run &&
        each.result.message == first->result.message) {
      ++same;
    } else if (++count <= most_others) {
      lines += in_a_line(each, look);
    }
  }
  std::string text;
  if (same > 0) {
    text +=
        fmt::format("    {} more test{} for the same reason.\n", same,
                    same == 1 ? " was not run" : "s were not run");
  }
  text += lines;
  if (count > most_others) {
    text += look.dim(
        fmt::format("    … and {} more\n", count - most_others));
  }
  text += waiting_text(of, all, look) + not_run_text(of, all, look);
  return text.empty() ? text : "\n" + text;
}

}  // namespace workbook
