// What the words of a submission may not be.

#include "workbook/submission_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace workbook {

namespace {

// The tests' own names and macros, …
constexpr std::array<std::string_view, 9> words_of_tests = {
    "explore", "grading", "testing",  "GRADED",      "EXPLORED",
    "BREAKS",  "MY_TEST", "nlohmann", "workbook_try"};
// … what hides code from the explorer, or shows that it is there, …
constexpr std::array<std::string_view, 11> words_of_hiding = {
    "asm",
    "__asm",
    "__asm__",
    "no_sanitize",
    "_Pragma",
    "__pragma",
    "no_sanitize_thread",
    "__has_feature",
    "__SANITIZE_THREAD__",
    "__sanitize_thread__",
    "disable_sanitizer_instrumentation"};
// … and what changes how the program is put together.
constexpr std::array<std::string_view, 8> words_of_linking = {
    "__attribute__", "__attribute", "__declspec", "dlsym",
    "dlvsym",        "dlopen",      "dlmopen",    "__cxxabiv1"};
constexpr std::array<std::string_view, 7> beginnings = {
    "EXPECT_", "ASSERT_", "GTEST_", "WORKBOOK_",
    "__tsan_", "__wrap_", "_Z"};
// Attributes that change nothing but warnings and speed.
constexpr std::array<std::string_view, 14> harmless_attributes = {
    "always_inline", "noinline",       "cold",    "hot",
    "pure",          "const",          "format",  "unused",
    "nonnull",       "packed",         "aligned", "malloc",
    "flatten",       "returns_nonnull"};
template <typename List>
bool is_one_of(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::optional<std::string> refused_word(const std::string& word) {
  const bool begins = std::any_of(
      beginnings.begin(), beginnings.end(),
      [&](std::string_view each) { return word.starts_with(each); });
  if (begins || is_one_of(words_of_tests, word)) {
    return fmt::format("`{}` belongs to the tests; a lab does without",
                       word);
  }
  if (is_one_of(words_of_hiding, word)) {
    return fmt::format("`{}` hides code from the tests", word);
  }
  if (word.find('\\') != std::string::npos) {
    return fmt::format("`{}` is a name in disguise", word);
  }
  if (is_one_of(words_of_linking, word)) {
    return fmt::format("`{}` changes how the program is linked", word);
  }
  return std::nullopt;
}

/// Walks the tokens once.
class rule_walk {
 public:
  explicit rule_walk(const std::vector<code_token>& tokens)
      : tokens_(tokens) {}

  std::vector<violation> of_code() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      const code_token& each = tokens_[at_];
      if (begins_directive()) {
        directive();
      } else {
        look(each);
        if (!each.directive) {
          scope(each);
        }
      }
    }
    return std::move(found_);
  }

  std::vector<violation> of_tests() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      const code_token& each = tokens_[at_];
      const bool own = each.is("MY_TEST") || each.is("explore") ||
                       each.is("testing") ||
                       each.text.starts_with("EXPECT_") ||
                       each.text.starts_with("ASSERT_");
      if (begins_directive()) {
        if (!word_at(1, "include") && !word_at(1, "pragma")) {
          refuse(each, "a file of tests has no #define and no #if");
        }
        directive();
      } else if (!own) {
        look(each);
      }
    }
    return std::move(found_);
  }

 private:
  /// Not the # or ## within one.
  [[nodiscard]] bool begins_directive() const {
    const code_token& each = tokens_[at_];
    const bool within = at_ > 0 && tokens_[at_ - 1].directive &&
                        tokens_[at_ - 1].line == each.line;
    return each.directive && each.is("#") && !within;
  }

  [[nodiscard]] bool word_at(std::size_t ahead,
                             std::string_view wanted) const {
    return at_ + ahead < tokens_.size() &&
           tokens_[at_ + ahead].is(wanted);
  }

  void refuse(const code_token& where, std::string why) {
    found_.push_back({where.line, std::move(why)});
  }

  /// at_ is at the # of a directive. Leaves at_ before its words, if
  /// they are to be looked at, or at its last token.
  void directive() {
    const code_token& sign = tokens_[at_];
    const bool named = at_ + 1 < tokens_.size() &&
                       tokens_[at_ + 1].directive &&
                       tokens_[at_ + 1].line == sign.line;
    if (!named) {
      return;
    }
    const code_token& name = tokens_[at_ + 1];
    if (name.is("line") || name.what == code_token::kind::sign) {
      refuse(sign, "a lab does not number its lines");
    } else if (name.is("pragma") && !word_at(2, "once")) {
      refuse(sign, "a lab needs no #pragma but `once`");
    } else if (name.is("include") || name.is("include_next") ||
               name.is("import")) {
      include();
    }
  }

  void include() {
    std::string file;
    const std::size_t line = tokens_[at_].line;
    std::size_t end = at_ + 2;
    while (end < tokens_.size() && tokens_[end].directive &&
           tokens_[end].line == line && !tokens_[end].is("#")) {
      file += tokens_[end++].text;
    }
    if (file.empty() || (file.front() != '"' && file.front() != '<')) {
      refuse(tokens_[at_], "a lab says by name which file it includes");
    } else if (file.size() > 2 && file.front() == '"') {
      file = file.substr(1, file.size() - 2);
      if (file.find('/') != std::string::npos &&
          file != "grading/todo.hpp") {
        refuse(tokens_[at_],
               fmt::format("a lab includes the labs' own files, not "
                           "\"{}\"",
                           file));
      }
    } else if (file.find("..") != std::string::npos ||
               file.starts_with("</")) {
      refuse(tokens_[at_],
             fmt::format("a lab includes the labs' own files, not {}",
                         file));
    }
    at_ = end - 1;
  }

  void look(const code_token& each) {
    if (each.what == code_token::kind::literal) {
      if (each.text.find("\"WORKBOOK_") != std::string::npos) {
        const std::size_t from = each.text.find('"') + 1;
        refuse(each, *refused_word(each.text.substr(
                         from, each.text.find('"', from) - from)));
      }
      return;
    }
    if (each.what != code_token::kind::word) {
      return;
    }
    if (auto why = refused_word(each.text)) {
      refuse(each, std::move(*why));
    } else if (each.text == "extern" && at_ + 1 < tokens_.size() &&
               tokens_[at_ + 1].what == code_token::kind::literal) {
      of_c(each);
    } else if (each.text == "gnu" || each.text == "__gnu__" ||
               each.text == "clang") {
      attribute(each);
    }
  }

  /// Each name by itself, so that one which a reference needs allows no
  /// other.
  void of_c(const code_token& where) {
    const bool block = word_at(2, "{");
    std::size_t parentheses = 0;
    bool any = false;
    for (std::size_t i = at_ + (block ? 3 : 2); i < tokens_.size();
         ++i) {
      const code_token& each = tokens_[i];
      const bool ends = each.is(";") || each.is("{") || each.is("=");
      if (parentheses == 0 && (each.is("(") || (ends && !any)) &&
          tokens_[i - 1].what == code_token::kind::word) {
        refuse(where, fmt::format("a lab defines no C function: `{}`",
                                  tokens_[i - 1].text));
        any = true;
      }
      if (each.is("(")) {
        ++parentheses;
      } else if (each.is(")") && parentheses > 0) {
        --parentheses;
      } else if (block ? each.is("}") : ends) {
        break;
      } else if (ends) {
        any = false;
      }
    }
  }

  void attribute(const code_token& vendor) {
    const bool qualified = word_at(1, "::");
    const std::string name = qualified && at_ + 2 < tokens_.size()
                                 ? tokens_[at_ + 2].text
                                 : "";
    if (word_at(1, ":") ||
        (qualified && !is_one_of(harmless_attributes, name))) {
      refuse(vendor,
             fmt::format("the attribute `{}::{}` is not for a lab",
                         vendor.text, name));
    }
  }

  /// Follows the namespaces: nothing is added to std.
  void scope(const code_token& each) {
    if (depth_ == 0 && starts_ && each.is("namespace") &&
        word_at(1, "std")) {
      refuse(each, "a lab adds nothing to namespace std");
    }
    starts_ = starts_ && (each.is(";") || each.is("}"));
    if (each.is("{")) {
      ++depth_;
    } else if (each.is("}")) {
      depth_ = depth_ > 0 ? depth_ - 1 : 0;
    }
    if (depth_ == 0 && (each.is("}") || each.is(";"))) {
      starts_ = true;
    }
  }

  const std::vector<code_token>& tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool starts_ = true;  // the next token begins a declaration
  std::vector<violation> found_;
};

}  // namespace

std::vector<violation> violations_in(
    const std::vector<code_token>& tokens) {
  return rule_walk(tokens).of_code();
}

std::vector<violation> violations_in_tests(
    const std::vector<code_token>& tokens) {
  return rule_walk(tokens).of_tests();
}

}  // namespace workbook
