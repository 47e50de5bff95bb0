// Where the tokens of C++ end: for what reads sources as text.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace workbook {

/// What begins at one place of a source.
enum class token {
  comment,  // to the end of the line, or to "*/"
  text,     // "…", R"(…)" or '…', with its prefix
  word,     // an identifier, a keyword or a number
  blank,    // one white space character
  sign,     // any other character
};

struct token_at {
  token kind = token::sign;
  std::size_t end = 0;  // the place after it
};

/// The token of `source` that begins at `from`, which is inside the
/// source and not in the middle of a token. What is not closed ends
/// with the source.
token_at read_token(std::string_view source, std::size_t from);

/// `source` with every comment as blanks, so that lines and columns
/// stay.
std::string without_comments(std::string_view source);

/// The place after the bracket that closes the one at `open`, which is
/// '(' or '{'; the end of the source if none does.
std::size_t after_closing(std::string_view source, std::size_t open);

}  // namespace workbook
