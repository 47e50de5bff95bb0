// What is said about machine-made mutants.

#include <fmt/format.h>

#include <array>
#include <map>

#include "workbook/mutate.hpp"

namespace workbook {

namespace {

/// The columns of a table.
struct tally {
  std::size_t made = 0;
  std::size_t caught = 0;
  std::size_t hung = 0;
  std::size_t survive = 0;
  std::size_t excused = 0;
  std::size_t no_code = 0;

  void add(const judged_mutant& each) {
    ++made;
    const bool is_caught = each.ended_as(tried::kind::caught);
    caught += is_caught ? 1 : 0;
    hung += is_caught && each.result->hung ? 1 : 0;
    survive += each.is_hole() ? 1 : 0;
    excused += each.excused && !is_caught ? 1 : 0;
    no_code += each.ended_as(tried::kind::does_not_compile) ? 1 : 0;
  }
};

std::string row(const std::string& name, const tally& of) {
  return fmt::format("  {:<12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
                     name, of.made, of.caught, of.hung, of.survive,
                     of.excused, of.no_code);
}

template <typename NameOf>
std::string table(const mutation_score& score, const char* by,
                  const NameOf& name_of) {
  std::map<std::string, tally> rows;
  tally all;
  for (const judged_mutant& each : score.mutants) {
    rows[name_of(each.what)].add(each);
    all.add(each);
  }
  std::string text = fmt::format(
      "\n  {:<12} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n", by, "mutants",
      "caught", "(hung)", "survive", "excused", "no code");
  for (const auto& [name, each] : rows) {
    text += row(name, each);
  }
  return text + row("all", all);
}

}  // namespace

std::string survivor_text(const workspace& where, const chapter& of,
                          const judged_mutant& which) {
  const mutation& what = which.what;
  return fmt::format(
      "{}:{} in {}() ({}, step {}): {} tests pass\n"
      "    - {}\n    + {}\n",
      where.shown(where.root / "solutions" / of.lab / what.file),
      what.line, what.function, what.kind, what.step,
      which.result ? which.result->asked : 0, what.before, what.after);
}

std::string score_text(const workspace& where, const chapter& of,
                       const mutation_score& score) {
  std::string text;
  for (const judged_mutant& each : score.mutants) {
    if (each.is_hole()) {
      text += "  survives " + survivor_text(where, of, each);
    } else if (each.excused && each.ended_as(tried::kind::caught)) {
      text += "  is caught, though excused: " + each.what.key() + "\n";
    }
  }
  for (const std::string& each : score.outdated) {
    text += "  excused, and made no more: " + each + "\n";
  }
  text += table(score, "operator",
                [](const mutation& each) { return each.kind; });
  text += table(score, "step",
                [](const mutation& each) { return each.step; });
  return text + fmt::format(
                    "\nlab {}: {:.1f}% of the mutants that a "
                    "test has to catch are caught, {} survive\n",
                    of.number(), 100 * score.score(), score.holes());
}

}  // namespace workbook
