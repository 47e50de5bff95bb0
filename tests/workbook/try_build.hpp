// Compiles and links a lab's tests with other sources, by the commands
// with which CMake builds them for the reference.

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// The tests of a lab with one set of sources.
struct try_program {
  std::string name;                          // of its folder
  std::map<std::string, std::string> files;  // of the code under test
  std::string unit;                          // "together"
  bool warnings_are_errors = true;
  // Once it is built:
  std::filesystem::path program;
  std::string error;  // the compiler's first; empty if it is built
  /// The solutions in which it found one, and the first one of each.
  std::map<std::string, std::string> guilty;
};

/// Makes sure that what all test programs share is built: libraries
/// and the precompiled header. Throws problem.
void build_what_tests_share(const workspace& where);

/// The solutions that `output`, of a compiler, finds errors in: where
/// it names "try:<name>" in one, or else where it names that at all
/// (then without the error).
std::map<std::string, std::string> guilty_in(const std::string& output);

/// Builds `wanted` below build/try/<lab>. Throws problem if the build
/// tree has no command for it.
void build_tried(const workspace& where, const chapter& of,
                 try_program& wanted);

}  // namespace workbook
