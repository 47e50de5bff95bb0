// A wrong solution: a patch with a head that says which test must
// catch it.
//
// README: "To add a chapter".

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

struct mutant {
  std::string name;   // the patch's file name without .patch
  std::string fault;  // one line: what is wrong
  std::string seen_in;
  std::vector<std::string> caught_by;  // tests, without suite
  std::filesystem::path patch;
};

/// Reads the head of a patch. Throws problem that names the line that
/// is missing.
mutant read_mutant(const workspace& where,
                   const std::filesystem::path& patch);

/// The patches of a chapter, in the order of their names.
std::vector<std::filesystem::path> patches_of(const workspace& where,
                                              const chapter& of);

/// Why the patch cannot be applied to the solutions as they stand; ""
/// if it can. Changes nothing.
std::string why_not_applicable(const workspace& where,
                               const mutant& wanted);

}  // namespace workbook
