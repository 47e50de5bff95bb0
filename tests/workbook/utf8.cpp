// Bytes that may be no text, as text.

#include "workbook/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace workbook {

namespace {

/// How many bytes the character that begins with this one has; 0 if
/// none does.
std::size_t length_from(unsigned char first) {
  return first < 0x80                     ? 1
         : first >= 0xC2 && first <= 0xDF ? 2
         : first >= 0xE0 && first <= 0xEF ? 3
         : first >= 0xF0 && first <= 0xF4 ? 4
                                          : 0;
}

/// The length of the valid character at the front; 0 if there is none.
std::size_t valid_length(std::string_view bytes) {
  const std::size_t length =
      length_from(static_cast<unsigned char>(bytes.front()));
  if (length == 0 || length > bytes.size()) {
    return 0;
  }
  for (const char each : bytes.substr(1, length - 1)) {
    if ((static_cast<unsigned char>(each) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  const char32_t point = code_point(bytes.substr(0, length));
  const bool overlong = (length == 3 && point < 0x800) ||
                        (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return overlong || surrogate || point > 0x10FFFF ? 0 : length;
}

}  // namespace

std::vector<std::string_view> characters(std::string_view bytes) {
  std::vector<std::string_view> all;
  while (!bytes.empty()) {
    const std::size_t length = valid_length(bytes);
    all.push_back(length == 0 ? replacement : bytes.substr(0, length));
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return all;
}

char32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  std::uint32_t point = character.size() == 1   ? first
                        : character.size() == 2 ? first & 0x1FU
                        : character.size() == 3 ? first & 0x0FU
                                                : first & 0x07U;
  for (const char each : character.substr(1)) {
    point = point << 6U | (static_cast<unsigned char>(each) & 0x3FU);
  }
  return point;
}

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  for (const std::string_view each : characters(bytes)) {
    text += each;
  }
  return text;
}

}  // namespace workbook
