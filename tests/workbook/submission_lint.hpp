// What a file that is handed in may not have: the grader's words, or
// what would let it speak in the tests' name.
//
// The tests and the code under test are one program, so that code could
// change what the tests see: define their macros anew, call the
// explorer, hide from it, report a verdict. None of this happens by
// accident, and none of it is needed. So before anything is built the
// files are read as text, and then what the preprocessor makes of them
// in each test: macros, pasted names and includes end there. What this
// cannot see, the book names.
//
// Book: appendix "How your work is graded", section What is not taken.

#pragma once

#include <filesystem>
#include <string>

#include "workbook/chapter.hpp"
#include "workbook/compile_commands.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// The first thing in `text` that belongs to the grader and that the
/// same file of the reference, `reference`, does without: "31: …", the
/// line and what is wrong in a sentence. Empty if there is none.
/// `may_use_asm`: assembly is allowed, which no reference can allow.
std::string first_violation(const std::string& text,
                            const std::string& reference,
                            bool may_use_asm = false);

/// Where a submission's files are.
struct submission_place {
  std::filesystem::path own;   // the files of the chapter
  std::filesystem::path base;  // has a folder for each that it rests on
  bool judges_base = false;    // these are handed in too
};

/// The same for all files of a chapter that are handed in, with the
/// file's name in front; first as they are written, then as the preprocessor
/// hands them to the compiler in each of the chapter's tests. Costs a
/// run of the preprocessor for each test file, on all cores: `with` is
/// called by several threads at a time. `where` has to be configured.
std::string first_violation(const workspace& where, const chapter& of,
                            const submission_place& at,
                            const preprocessor& with);

}  // namespace workbook
