// The wrong solutions that `workbook try` is given, as folders of files.

#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// One wrong solution.
struct wrong_solution {
  int number = 0;
  std::string name;
  std::map<std::string, std::string> files;  // name, whole text
  std::vector<std::string> likely;  // steps whose regions it changes
  bool mergeable = false;  // it differs in function bodies alone
};

/// The files of the reference, by name.
std::map<std::string, std::string> reference_files(
    const workspace& where, const chapter& of);

/// The solution `name`, which has the files `own`: number 0. Throws
/// problem if it is the reference.
wrong_solution described(
    const std::string& name, std::map<std::string, std::string> own,
    const std::map<std::string, std::string>& reference);

/// All that `from` holds, in the order of names, numbered from 1.
/// Throws problem that names the file and what is wrong.
std::vector<wrong_solution> wrong_solutions(
    const workspace& where, const chapter& of,
    const std::filesystem::path& from);

}  // namespace workbook
