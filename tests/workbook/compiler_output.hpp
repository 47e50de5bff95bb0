// Finds the first error in what a compiler printed, and says it short.
//
// Book: appendix "How your work is graded".

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace workbook {

/// The first error of a compiler or linker in `output`, as
/// "labs/01_pooling/task_pool.hpp:45: expected ';' before '}'". Where
/// the error shows in a library or a test, but came from a file below
/// `own`, that file and line are said. Paths are seen from `root`.
/// Empty if there is none.
std::string first_error(std::string_view output,
                        const std::filesystem::path& own,
                        const std::filesystem::path& root);

/// `text` without the codes that colour a terminal.
std::string without_colours(std::string_view text);

}  // namespace workbook
