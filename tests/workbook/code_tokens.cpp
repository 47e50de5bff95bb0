// C++ source as the words and signs that the compiler reads.

#include "workbook/code_tokens.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace workbook {

namespace {

bool in_name(char each) {
  const auto byte = static_cast<unsigned char>(each);
  return std::isalnum(byte) != 0 || each == '_' || each == '$' ||
         each == '\\' || byte >= 0x80;
}

bool is_decimal(char each) {
  return std::isdigit(static_cast<unsigned char>(each)) != 0;
}

/// `source` with continued lines joined. The line ends that this takes
/// away follow at the end of the joined line, so that later lines keep
/// their numbers.
std::string joined_lines(std::string_view source) {
  std::string text;
  std::size_t owed = 0;
  for (std::size_t i = 0; i < source.size(); ++i) {
    std::size_t end = i + 1;
    while (end < source.size() &&
           (source[end] == ' ' || source[end] == '\t' ||
            source[end] == '\r')) {
      ++end;
    }
    if (source[i] == '\\' && end < source.size() &&
        source[end] == '\n') {
      ++owed;
      i = end;
    } else {
      text += source[i];
      if (source[i] == '\n') {
        text.append(owed, '\n');
        owed = 0;
      }
    }
  }
  return text;
}

/// What may stand before a quotation mark.
bool is_prefix(std::string_view word) {
  constexpr std::array<std::string_view, 9> prefixes = {
      "L", "u", "U", "u8", "R", "LR", "uR", "UR", "u8R"};
  return std::find(prefixes.begin(), prefixes.end(), word) !=
         prefixes.end();
}

class tokenizer {
 public:
  explicit tokenizer(std::string_view source)
      : text_(joined_lines(source)) {}

  std::vector<code_token> run() {
    while (at_ < text_.size()) {
      step();
    }
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] bool sees(std::string_view what) const {
    return std::string_view(text_).substr(at_, what.size()) == what;
  }

  void step() {
    const char each = text_[at_];
    if (each == '\n') {
      ++line_;
      ++at_;
      fresh_ = true;
      directive_ = false;
    } else if (std::isspace(static_cast<unsigned char>(each)) != 0) {
      ++at_;
    } else if (sees("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (sees("/*")) {
      const std::size_t end = text_.find("*/", at_ + 2);
      skip_to(end == std::string::npos ? text_.size() : end + 2);
    } else if (is_decimal(each) ||
               (each == '.' && at_ + 1 < text_.size() &&
                is_decimal(text_[at_ + 1]))) {
      number();
    } else if (in_name(each)) {
      word();
    } else if (each == '"' || each == '\'') {
      literal(at_);
    } else {
      sign();
    }
  }

  void skip_to(std::size_t end) {
    line_ += static_cast<std::size_t>(std::count(
        text_.begin() + static_cast<std::ptrdiff_t>(at_),
        text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  void add(code_token::kind what, std::size_t from, std::size_t line) {
    tokens_.push_back(
        {what, text_.substr(from, at_ - from), line, directive_});
    fresh_ = false;
  }

  void number() {
    const std::size_t from = at_;
    while (at_ < text_.size() &&
           (in_name(text_[at_]) || text_[at_] == '.' ||
            (text_[at_] == '\'' && at_ + 1 < text_.size() &&
             in_name(text_[at_ + 1])))) {
      ++at_;
    }
    add(code_token::kind::sign, from, line_);
  }

  void word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && in_name(text_[at_])) {
      ++at_;
    }
    const bool quoted =
        at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
    if (quoted &&
        is_prefix(std::string_view(text_).substr(from, at_ - from))) {
      literal(from);
    } else {
      add(code_token::kind::word, from, line_);
    }
  }

  /// `from` is where its prefix begins, at_ is at the quotation mark.
  void literal(std::size_t from) {
    const std::size_t line = line_;
    const char quote = text_[at_];
    if (at_ > from && text_[at_ - 1] == 'R') {
      const std::size_t open = text_.find('(', at_);
      const std::string end =
          open == std::string::npos
              ? "\n"
              : ")" + text_.substr(at_ + 1, open - at_ - 1) + "\"";
      const std::size_t closed = text_.find(end, at_);
      skip_to(closed == std::string::npos ? text_.size()
                                          : closed + end.size());
    } else {
      ++at_;
      while (at_ < text_.size() && text_[at_] != quote &&
             text_[at_] != '\n') {
        at_ += text_[at_] == '\\' ? 2 : 1;
      }
      at_ = std::min(
          at_ + (at_ < text_.size() && text_[at_] == quote ? 1U : 0U),
          text_.size());
    }
    add(code_token::kind::literal, from, line);
  }

  void sign() {
    const bool digraph = sees("%:");
    if ((text_[at_] == '#' || digraph) && fresh_) {
      directive_ = true;
    }
    const std::size_t from = at_;
    at_ += digraph || sees("::") ? 2 : 1;
    add(code_token::kind::sign, from, line_);
    if (digraph) {
      tokens_.back().text = "#";
    }
  }

  const std::string text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  bool fresh_ = true;       // nothing but blanks so far in this line
  bool directive_ = false;  // in a line that begins with #
  std::vector<code_token> tokens_;
};

}  // namespace

std::vector<code_token> code_tokens(std::string_view source) {
  return tokenizer(source).run();
}

}  // namespace workbook
