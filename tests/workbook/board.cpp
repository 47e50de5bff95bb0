// All labs at a glance, and what to do next.

#include "workbook/board.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workbook/problem.hpp"
#include "workbook/record.hpp"
#include "workbook/report.hpp"

namespace workbook {

namespace {

constexpr std::size_t lab_title_width = 37;
constexpr std::size_t lab_bar_width = 24;

bool has_older(const record& of) {
  return std::any_of(
      of.tests.begin(), of.tests.end(),
      [](const graded& each) { return each.result.older; });
}

std::string lab_line(const workspace& where, const chapter& of,
                     const screen& look) {
  const std::string name = fitted(of.title, lab_title_width);
  std::optional<record> last;
  try {
    last = current_record(where, of, "labs");
  } catch (const problem& trouble) {
    return fmt::format("  {}\n", trouble.what());
  }
  if (!last) {
    return fmt::format("  {}  {} {}\n", of.number(), name,
                       look.dim("not graded yet"));
  }
  const std::string drawn =
      bar(last->score(), last->max_score(), lab_bar_width);
  const std::string marks =
      fmt::format("{:>3} of {}", last->score(), last->max_score());
  if (has_older(*last)) {
    return fmt::format(
        "  {}  {} {} {}\n", of.number(), name,
        look.dim(
            fitted("changed since it was graded", lab_bar_width + 4)),
        look.dim(fmt::format("make grade LAB={}", of.number())));
  }
  const bool full = last->score() == last->max_score();
  return fmt::format("  {}  {} {} {}\n", of.number(), name,
                     full ? look.green(drawn) : drawn,
                     full ? look.green(marks) : marks);
}

}  // namespace

std::string board_text(const workspace& where,
                       const std::vector<chapter>& of,
                       const chapter* at_hand, const screen& look) {
  std::string text;
  if (of.size() > 1) {
    text =
        fmt::format("\n  {}\n\n", look.bold("From Pool to Scheduler"));
    for (const chapter& each : of) {
      text += lab_line(where, each, look);
    }
  }
  if (at_hand == nullptr) {
    return text + (of.empty() ? "\n  There is no lab yet.\n\n"
                              : "\n  Every lab is done.\n\n");
  }
  const auto last = current_record(where, *at_hand, "labs");
  return last ? text + report_text(where, *at_hand, *last, look) : text;
}

}  // namespace workbook
