// C++ source as the words and signs that the compiler reads.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

struct code_token {
  enum class kind { word, literal, sign };
  kind what = kind::sign;
  std::string text;        // a literal with its quotes and prefix
  std::size_t line = 0;    // from 1
  bool directive = false;  // of a preprocessor's line

  [[nodiscard]] bool is(std::string_view wanted) const {
    return what != kind::literal && text == wanted;
  }
};

/// The tokens of `source`: without comments, continued lines joined,
/// raw strings and digit separators understood. "::" is one sign; all
/// others are single characters, and "%:" is "#". O(size).
std::vector<code_token> code_tokens(std::string_view source);

}  // namespace workbook
