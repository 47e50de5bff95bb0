// What the words of a submission may not be.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "workbook/code_tokens.hpp"

namespace workbook {

/// One thing that is refused.
struct violation {
  std::size_t line = 0;
  std::string message;  // a sentence without its full stop
};

/// All that is refused in code, directives included.
std::vector<violation> violations_in(
    const std::vector<code_token>& tokens);

/// What a file of the reader's tests may not do, to which the words of
/// tests belong.
std::vector<violation> violations_in_tests(
    const std::vector<code_token>& tokens);

}  // namespace workbook
