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

/// The failure that is shown in full: of the tests just run, of the
/// step that was asked for if it has one; the most exact of its step,
/// such as a lock that waits for itself, before others. Null if no test
/// failed.
const graded* main_failure(const chapter& of, const record& all);

/// One failure in full: the promise, the report, the command that
/// replays it, the section of the book.
std::string failure_text(const workspace& where, const chapter& of,
                         const record& all, const graded& each,
                         const screen& look);

/// The other failures, a line each; then what waits for a step that is
/// not written, and what was not run.
std::string other_failures_text(const chapter& of, const record& all,
                                const screen& look);

/// What the test itself says in its first failure: the sentence after
/// GoogleTest's comparison, or the comparison in a line.
std::string own_sentence(const std::string& message);

}  // namespace workbook
