// The tests of a lab against wrong solutions that a machine makes.
//
// CONTRIBUTING.md: "Machine-made mutants".

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/mutation_record.hpp"
#include "workbook/mutations.hpp"
#include "workbook/try.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

struct mutate_request {
  unsigned cores = 2;
  std::size_t count = 0;   // a sample of so many; 0: all
  std::uint64_t seed = 0;  // which sample
  bool excused_too = false;
  bool fresh = false;  // forgets what earlier runs have seen
};

/// One mutant, and what became of it.
struct judged_mutant {
  mutation what;
  std::optional<excused_mutant> excused;
  std::optional<tried> result;  // empty if it was not run

  [[nodiscard]] bool ended_as(tried::kind how) const {
    return result && result->how == how;
  }
  /// It survives, and nobody has said why it may.
  [[nodiscard]] bool is_hole() const {
    return !excused && ended_as(tried::kind::survives);
  }
};

struct mutation_score {
  std::vector<judged_mutant> mutants;  // in the order of their places
  std::vector<std::string> outdated;   // excused, and made no more
  /// How many excused ones are caught: they are excused wrongly.
  [[nodiscard]] std::size_t wrongly_excused() const;
  [[nodiscard]] std::size_t holes() const;
  /// Caught ones of those that some test has to catch, from 0 to 1.
  [[nodiscard]] double score() const;
};

/// Called with each mutant that was run, how many are over, and how
/// many there are; one at a time.
using mutant_sink = std::function<void(
    const judged_mutant&, std::size_t over, std::size_t all)>;

/// The mutants of the lab's solutions, in the order of files and
/// places.
std::vector<mutation> mutants_of(const workspace& where,
                                 const chapter& of);

/// `count` of `all`, or all if there are not more; the same for the
/// same seed. Order is kept.
std::vector<mutation> sample_of(const std::vector<mutation>& all,
                                std::size_t count, std::uint64_t seed);

/// Makes mutants and runs those of which the record, in
/// build/mutate/<lab>.json, does not know the end. Blocks until the
/// last has ended, or the reader interrupts. Throws problem.
mutation_score mutate(const workspace& where, const chapter& of,
                      const mutate_request& wanted,
                      const mutant_sink& on_judged);

/// The survivors with their lines, a table by operator and one by step,
/// and the score.
std::string score_text(const workspace& where, const chapter& of,
                       const mutation_score& score);

/// One survivor, as a difference of lines.
std::string survivor_text(const workspace& where, const chapter& of,
                          const judged_mutant& which);

}  // namespace workbook
