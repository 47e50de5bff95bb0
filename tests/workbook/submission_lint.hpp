// What a file that is handed in may not speak of: the grader.
//
// The tests and the code under test are one program, so that code could
// change what the tests see: define their macros anew, call the
// explorer, hide from it. None of this happens by accident, and none of
// it is needed; so the files are read as text, before anything is
// built. What this cannot see, the book names.
//
// Book: appendix "How your work is graded", section What is not taken.

#pragma once

#include <filesystem>
#include <string>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// The first thing in `text` that belongs to the grader and that the
/// same file of the reference, `reference`, does without: "31: …", the
/// line and what is wrong in a sentence. Empty if there is none.
std::string first_violation(const std::string& text,
                            const std::string& reference);

/// The same for all files of a chapter below `own`, and for those of
/// the chapters that it rests on in `base` ("labs"), with the file's
/// name in front.
std::string first_violation(const workspace& where, const chapter& of,
                            const std::filesystem::path& own,
                            const std::string& base);

}  // namespace workbook
