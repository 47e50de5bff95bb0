// What the account of a chapter's contracts looks like on a terminal.

#include "workbook/contracts_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace workbook {

namespace {

std::string sentence_text(const contract_sentence& each, bool whole,
                          const screen& look) {
  if (!each.accounted()) {
    return fmt::format("  {} {}\n      {}\n", look.red("✗"), each.words,
                       look.dim(each.missing()));
  }
  if (!whole) {
    return "";
  }
  if (!each.not_graded.empty()) {
    return fmt::format("  · {}\n      {}\n", each.words,
                       look.dim("not graded: " + each.not_graded));
  }
  return fmt::format("  {} {}\n      {}\n", look.green("✓"), each.words,
                     look.dim(fmt::format("{}; {} mutants",
                                          fmt::join(each.tests, ", "),
                                          each.mutants.size())));
}

}  // namespace

std::string account_line(const contract_account& of) {
  const std::size_t open = of.open();
  const std::string limit =
      open > of.allowed
          ? fmt::format(" ({} are allowed by contracts.json)",
                        of.allowed)
      : open < of.allowed
          ? fmt::format(" (lower \"open_at_most\" from {} to {})",
                        of.allowed, open)
          : "";
  return fmt::format("{}: {} sentences, {} not graded, {} open{}",
                     of.lab, of.sentences.size(), of.not_graded(), open,
                     limit);
}

std::string account_text(const contract_account& of, bool whole,
                         const screen& look) {
  std::string text;
  std::string heading;
  for (const contract_sentence& each : of.sentences) {
    const std::string shown = sentence_text(each, whole, look);
    const std::string place =
        fmt::format("solutions/{}/{}:{}: {}", of.lab, each.file,
                    each.line, each.of);
    if (!shown.empty() && place != heading) {
      heading = place;
      text += look.bold(heading) + "\n";
    }
    text += shown;
  }
  for (const std::string& fault : of.faults) {
    text +=
        fmt::format("  {} tests/{}/{}\n", look.red("✗"), of.lab, fault);
  }
  return text + account_line(of) + "\n";
}

}  // namespace workbook
