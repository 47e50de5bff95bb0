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

/// Writes the solutions with the patch applied into `folder`, which is
/// called like the chapter; does nothing if that was done. Returns why
/// the patch cannot be applied, or "".
std::string write_mutant(const workspace& where, const chapter& of,
                         const mutant& wanted,
                         const std::filesystem::path& folder);

}  // namespace workbook
