// What is known of machine-made mutants: what became of each, kept from
// run to run; and those of which somebody has said that they survive.
//
// CONTRIBUTING.md: "Machine-made mutants".

#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

#include "workbook/chapter.hpp"
#include "workbook/try.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

class mutation_record {
 public:
  /// Reads `file`; empty if it is not there, if `fresh`, or if it was
  /// made from something else than `made_from`. Throws problem if it is
  /// no record.
  mutation_record(std::filesystem::path file, std::string made_from,
                  bool fresh);

  /// What became of the mutant of this key; null if it was not tried.
  [[nodiscard]] const tried* find(const std::string& key) const;

  /// Keeps it, on disk as well, so that nothing is lost when the
  /// program is interrupted.
  void add(const std::string& key, const tried& what);

 private:
  void write() const;

  const std::filesystem::path file_;
  const std::string made_from_;
  std::map<std::string, tried> known_;
};

/// A mutant that no test has to catch.
struct excused_mutant {
  std::string verdict;  // "equivalent" or "not promised"
  std::string reason;   // that a stranger accepts
};

/// tests/<lab>/equivalent.json, by key; empty if there is none. Throws
/// problem that names the entry and what is wrong with it.
std::map<std::string, excused_mutant> excused_mutants(
    const workspace& where, const chapter& of);

}  // namespace workbook
