// Bytes that may be no text, as text.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// What stands for bytes that are no character: U+FFFD.
inline constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// The characters of `bytes` as UTF-8. What is none (a stray byte, an
/// overlong form, half a surrogate pair) is `replacement`, a byte at a
/// time. They point into `bytes`, which has to outlive them. O(size).
std::vector<std::string_view> characters(std::string_view bytes);

/// The number of one valid character.
char32_t code_point(std::string_view character);

/// `bytes` with `replacement` for what is no character.
std::string valid_utf8(std::string_view bytes);

}  // namespace workbook
