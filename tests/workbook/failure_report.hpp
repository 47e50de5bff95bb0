// What a grading says of the tests that did not pass.
//
// Book: appendix "How your work is graded".

#pragma once

#include <string>

#include "workbook/chapter.hpp"
#include "workbook/record.hpp"
#include "workbook/screen.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// The first failure in full: the promise, the report, the command
/// that replays it, the section of the book. Then the others, a line
/// each; steps that are not written, a line each.
std::string failures_text(const workspace& where, const chapter& of,
                          const record& graded, const screen& look);

}  // namespace workbook
