// All labs at a glance, and what to do next.

#include "workbook/board.hpp"

#include <fmt/format.h>

#include "workbook/problem.hpp"
#include "workbook/record.hpp"
#include "workbook/report.hpp"

namespace workbook {

namespace {

constexpr std::size_t lab_title_width = 37;
constexpr std::size_t lab_bar_width = 24;

std::string lab_line(const chapter& of,
                     const std::optional<record>& last,
                     const screen& look) {
  const std::string name = fitted(of.title, lab_title_width);
  if (!last) {
    return fmt::format("  {}  {} {}\n", of.number(), name,
                       look.dim("not graded yet"));
  }
  const std::string drawn =
      bar(last->score(), last->max_score(), lab_bar_width);
  const std::string marks =
      fmt::format("{:>3} of {}", last->score(), last->max_score());
  const bool full = last->score() == last->max_score();
  return fmt::format("  {}  {} {} {}\n", of.number(), name,
                     full ? look.green(drawn) : drawn,
                     full ? look.green(marks) : marks);
}

}  // namespace

std::string board_text(const workspace& where,
                       const std::vector<chapter>& of,
                       const screen& look) {
  std::string text;
  if (of.size() > 1) {
    text =
        fmt::format("\n  {}\n\n", look.bold("From Pool to Scheduler"));
  }
  std::string report;
  for (const chapter& each : of) {
    std::optional<record> last;
    try {
      last = read_record(where, each, "labs");
    } catch (const problem& trouble) {
      text += fmt::format("  {}\n", trouble.what());
    }
    // A single lab is told by its report alone.
    text += of.size() > 1 ? lab_line(each, last, look) : "";
    if (report.empty() && last && next_step(each, *last) != nullptr) {
      report = report_text(where, each, *last, look);
    }
  }
  if (report.empty()) {
    report = of.empty() ? "\n  There is no lab yet.\n\n"
                        : "\n  Every lab that was graded is done.\n\n";
  }
  return text + report;
}

}  // namespace workbook
