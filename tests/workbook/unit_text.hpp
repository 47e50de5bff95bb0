// One translation unit that judges several variants of a chapter, each
// in a namespace of its own.
//
// Most of what a unit costs to compile is what it includes from the
// standard library and GoogleTest, so variants share that. The files of
// a variant and the tests are written into the unit in full, under
// `#define workbook <namespace>`; only the bodies of the tests that are
// wanted are.
//
// CONTRIBUTING.md: "The matrix".

#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// One variant in a unit.
struct unit_section {
  std::string
      inside;  // its namespace; "" if it is alone and keeps its own
  std::filesystem::path sources;
  std::string base = "solutions";  // whose earlier chapters it rests on
  std::vector<std::filesystem::path> tests;  // files
  /// Where files are that `sources` lacks; may be empty.
  std::filesystem::path fallback = {};
  std::set<std::string> wanted;  // names of tests; empty means all
};

/// The text of the unit. Throws problem if a file cannot be read.
std::string unit_text(const workspace& where, const chapter& of,
                      const std::vector<unit_section>& sections);

/// What GoogleTest calls a test of a section.
std::string name_inside(const std::string& inside,
                        const std::string& suite,
                        const std::string& test);

/// `source` without the tests that are not `wanted`; lines stay.
std::string only_tests(const std::string& source,
                       const std::set<std::string>& wanted);

}  // namespace workbook
