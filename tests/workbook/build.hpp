// Builds test programs with CMake and tells which are there as soon as
// they are.
//
// Book: appendix "How your work is graded".

#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "workbook/workspace.hpp"

namespace workbook {

/// One translation unit of a chapter's tests, built for one variant.
struct test_program {
  std::string lab;      // "01_pooling"
  std::string variant;  // "labs", "solutions", "mutants.late_count"
  std::string unit;     // "step_1"
  /// The folder that the variant's sources are below.
  std::filesystem::path own;

  /// What CMake calls all programs of this variant together.
  [[nodiscard]] std::string family() const {
    return lab + "." + variant;
  }
  [[nodiscard]] std::string target() const {
    return family() + "." + unit;
  }
  /// Where it is below the build directory.
  [[nodiscard]] std::string path() const {
    return lab + "/" + variant + "/" + unit;
  }
};

/// How the building of one program ended.
struct program_built {
  enum class kind { ready, does_not_compile, grader_is_broken };
  std::string target;
  kind how = kind::ready;
  std::string error;  // the first one, short; empty if ready
};

using program_sink = std::function<void(const program_built&)>;

/// Makes sure that the build directory is configured with these cache
/// entries ("WORKBOOK_BASE=labs"). Quick if it is. Throws problem.
void configure(const workspace& where,
               const std::vector<std::string>& entries);

/// What the tests of a configured tree run on: "explore", or what
/// takes its place where the explorer does not work ("tsan", "native").
std::string runtime_of(const workspace& where);

/// Builds all programs with `jobs` compilers at once, keeps going past
/// errors, and calls `on_built` exactly once for each. Returns when
/// the last was told. Throws problem if the build cannot run at all.
void build_programs(const workspace& where,
                    const std::vector<test_program>& wanted,
                    unsigned jobs, const program_sink& on_built);

}  // namespace workbook
