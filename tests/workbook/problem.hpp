// What ends a command with one clear line and exit status 2.
//
// Book: appendix "How your work is graded".

#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace workbook {

/// Says what is wrong, where, and what would be right. It is for what
/// keeps the program from doing its work (an unknown lab, a file that
/// is missing); a reader's mistake is a verdict, never a problem.
class problem : public std::runtime_error {
 public:
  template <typename... Values>
  explicit problem(fmt::format_string<Values...> words,
                   Values&&... values)
      : std::runtime_error(
            fmt::format(words, std::forward<Values>(values)...)) {}
};

}  // namespace workbook
