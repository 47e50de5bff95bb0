// How CMake compiles a target, and what its preprocessor would say.

#pragma once

#include <filesystem>
#include <functional>
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

/// The command that preprocesses a source instead of compiling it,
/// under the same options. It ends at the first error; a precompiled
/// header is named, not repeated.
std::string preprocess_command(const unit_command& unit,
                               const std::filesystem::path& output);

/// What the compiler's preprocessor makes of a source; nothing if it
/// fails.
using preprocessor =
    std::function<std::optional<std::string>(const unit_command&)>;

/// Preprocesses in the build directory, with no more confinement than
/// a limit of 60 CPU seconds: for code that the reader compiles anyway.
preprocessor plain_preprocessor(const workspace& where);

}  // namespace workbook
