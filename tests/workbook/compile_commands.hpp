// How CMake compiles a target, and what its preprocessor would say.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "workbook/workspace.hpp"

namespace workbook {

/// How one object of a target is compiled.
struct unit_command {
  std::string target;
  std::string command;  // for a shell, in the build directory
  std::filesystem::path source;
};

/// The commands that compile the objects of a target. Throws problem if
/// the build tree is not configured or does not have the target.
std::vector<unit_command> compile_commands(const workspace& where,
                                           const std::string& target);

/// Replaces every `from` in `text`.
void replace_all(std::string& text, const std::string& from,
                 const std::string& to);

/// What the compiler's preprocessor makes of that source, under the
/// same options; a precompiled header is not repeated. Nothing if it
/// fails.
std::optional<std::string> preprocess(const workspace& where,
                                      const unit_command& unit);

}  // namespace workbook
