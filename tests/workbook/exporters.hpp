// The record in the words of other systems.
//
// Book: appendix "How your work is graded".

#pragma once

#include <string>

#include "workbook/record.hpp"

namespace workbook {

/// JUnit's XML: a suite a step. Not written and not run are failures,
/// so that no consumer counts them as passed.
std::string junit_xml(const record& of);

/// Gradescope's results.json.
std::string gradescope_json(const record& of);

/// Autolab's last line: {"scores": {"01_pooling": 42}}.
std::string autolab_line(const record& of);

/// A ::error line for each test that did not pass.
std::string github_annotations(const record& of);

}  // namespace workbook
