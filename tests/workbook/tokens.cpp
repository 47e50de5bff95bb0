// Where the tokens of C++ end.

#include "workbook/tokens.hpp"

#include <algorithm>
#include <cctype>

namespace workbook {

namespace {

bool is_word(char each) {
  return std::isalnum(static_cast<unsigned char>(each)) != 0 ||
         each == '_';
}

std::size_t after(std::string_view source, std::string_view closing,
                  std::size_t from) {
  const std::size_t found = source.find(closing, from);
  return found == std::string_view::npos ? source.size()
                                         : found + closing.size();
}

std::size_t after_quote(std::string_view source, std::size_t open) {
  std::size_t end = open + 1;
  while (end < source.size() && source[end] != source[open] &&
         source[end] != '\n') {
    end += source[end] == '\\' ? 2 : 1;
  }
  return std::min(end + 1, source.size());
}

/// `quote` is the place of the '"' in R"delimiter(…)delimiter".
std::size_t after_raw(std::string_view source, std::size_t quote) {
  const std::size_t open = source.find('(', quote);
  if (open == std::string_view::npos) {
    return source.size();
  }
  const std::string closing =
      ")" + std::string(source.substr(quote + 1, open - quote - 1)) +
      "\"";
  return after(source, closing, open);
}

bool is_prefix(std::string_view word) {
  return word == "u8" || word == "u" || word == "U" || word == "L" ||
         word == "R" ||
         (word.size() > 1 && word.ends_with('R') &&
          is_prefix(word.substr(0, word.size() - 1)));
}

/// A word, or the text of which it is the prefix. A ' within a number
/// separates digits.
token_at word_or_text(std::string_view source, std::size_t from) {
  const bool number =
      std::isdigit(static_cast<unsigned char>(source[from])) != 0;
  std::size_t end = from;
  while (end < source.size() &&
         (is_word(source[end]) ||
          (number && source[end] == '\'' && end + 1 < source.size() &&
           is_word(source[end + 1])))) {
    ++end;
  }
  const std::string_view word = source.substr(from, end - from);
  const bool quoted = end < source.size() &&
                      (source[end] == '"' || source[end] == '\'');
  if (!quoted || !is_prefix(word)) {
    return {token::word, end};
  }
  return {token::text, word.ends_with('R') ? after_raw(source, end)
                                           : after_quote(source, end)};
}

}  // namespace

token_at read_token(std::string_view source, std::size_t from) {
  const char first = source[from];
  const std::string_view two = source.substr(from, 2);
  if (two == "//") {
    return {token::comment,
            std::min(source.find('\n', from), source.size())};
  }
  if (two == "/*") {
    return {token::comment, after(source, "*/", from + 2)};
  }
  if (first == '"' || first == '\'') {
    return {token::text, after_quote(source, from)};
  }
  if (is_word(first)) {
    return word_or_text(source, from);
  }
  const bool blank =
      std::isspace(static_cast<unsigned char>(first)) != 0;
  return {blank ? token::blank : token::sign, from + 1};
}

std::string without_comments(std::string_view source) {
  std::string text(source);
  for (std::size_t i = 0; i < source.size();) {
    const token_at found = read_token(source, i);
    for (; i < found.end; ++i) {
      if (found.kind == token::comment && source[i] != '\n') {
        text[i] = ' ';
      }
    }
  }
  return text;
}

std::size_t after_closing(std::string_view source, std::size_t open) {
  const char opening = source[open];
  const char closing = opening == '(' ? ')' : '}';
  int depth = 0;
  for (std::size_t i = open; i < source.size();) {
    const token_at found = read_token(source, i);
    if (found.kind == token::sign && source[i] == opening) {
      ++depth;
    } else if (found.kind == token::sign && source[i] == closing &&
               --depth == 0) {
      return found.end;
    }
    i = found.end;
  }
  return source.size();
}

}  // namespace workbook
