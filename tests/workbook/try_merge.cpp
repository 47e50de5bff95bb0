// Many wrong solutions in one program: the functions in which they
// differ from the reference choose at run time.

#include "workbook/try_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <regex>

namespace workbook {

namespace {

bool is_word(char each) {
  return std::isalnum(static_cast<unsigned char>(each)) != 0 ||
         each == '_';
}

/// Where the comment, literal or directive at `from` ends; `from` if
/// there is none.
std::size_t after_opaque(std::string_view text, std::size_t from) {
  const auto past = [&](std::string_view closing, std::size_t start) {
    const std::size_t end = text.find(closing, start);
    return end == std::string_view::npos ? text.size()
                                         : end + closing.size();
  };
  const std::string_view two = text.substr(from, 2);
  if (two == "//") {
    return std::min(text.find('\n', from), text.size());
  }
  if (two == "/*") {
    return past("*/", from + 2);
  }
  if (two == "R\"") {
    const std::size_t open = text.find('(', from);
    if (open != std::string_view::npos) {
      const std::string end =
          ")" + std::string(text.substr(from + 2, open - from - 2)) +
          "\"";
      return past(end, open);
    }
  }
  const char quote = text[from];
  const bool parts =
      quote == '\'' && from > 0 && is_word(text[from - 1]);
  if ((quote != '"' && quote != '\'') || parts) {
    return from;
  }
  std::size_t end = from + 1;
  while (end < text.size() && text[end] != quote) {
    end += text[end] == '\\' ? 2 : 1;
  }
  return std::min(end + 1, text.size());
}

/// Where the directive whose # is at `from` ends.
std::size_t after_directive(std::string_view text, std::size_t from) {
  std::size_t end = text.find('\n', from);
  while (end != std::string_view::npos && text[end - 1] == '\\') {
    end = text.find('\n', end + 1);
  }
  return std::min(end, text.size());
}

/// The place after the brace that closes the one at `from`.
std::size_t after_braces(std::string_view text, std::size_t from) {
  int depth = 0;
  for (std::size_t i = from; i < text.size();) {
    const std::size_t skipped = after_opaque(text, i);
    if (skipped != i) {
      i = skipped;
      continue;
    }
    depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    ++i;
    if (depth == 0) {
      return i;
    }
  }
  return text.size();
}

/// A declaration up to a brace, without what stands before its name.
std::string plain_head(std::string head) {
  static const std::regex access(R"(\b(public|protected|private)\s*:)");
  static const std::regex attribute(
      R"(\[\[[^\]]*\]\]|\balignas\s*\([^)]*\))");
  head = std::regex_replace(head, access, " ");
  head = std::regex_replace(head, attribute, " ");
  const std::size_t word = head.find_first_not_of(" \t\n");
  if (word == std::string::npos ||
      head.compare(word, 8, "template") != 0) {
    return head;
  }
  int depth = 0;
  for (std::size_t i = head.find('<', word); i < head.size(); ++i) {
    depth += head[i] == '<' ? 1 : head[i] == '>' ? -1 : 0;
    if (depth == 0) {
      return plain_head(head.substr(i + 1));
    }
  }
  return head;
}

enum class brace { scope, body, initialiser };

/// What the brace after `head` opens.
brace opened_by(const std::string& raw) {
  static const std::regex scope(
      R"(^\s*(inline\s+)?(namespace|class|struct|union|extern\s*"C")\b)");
  static const std::regex enumeration(R"(^\s*enum\b)");
  static const std::regex members(
      R"re(\)\s*(noexcept(\s*\([^)]*\))?\s*)?:(?!:))re");
  const std::string head = plain_head(raw);
  if (std::regex_search(head, enumeration)) {
    return brace::initialiser;
  }
  const std::size_t last = head.find_last_not_of(" \t\n");
  const bool calls = head.find('(') != std::string::npos;
  if (std::regex_search(head, scope) && !calls) {
    return brace::scope;
  }
  if (!calls || last == std::string::npos || head[last] == '=') {
    return brace::initialiser;
  }
  const bool named = is_word(head[last]) || head[last] == '>';
  return named && std::regex_search(head, members) ? brace::initialiser
                                                   : brace::body;
}

/// Walks a file at the level of declarations.
class cutter {
 public:
  explicit cutter(std::string_view text) : text_(text) {}

  cut_source run() {
    while (at_ < text_.size()) {
      step();
    }
    cut_.outer.emplace_back(text_.substr(start_));
    return std::move(cut_);
  }

 private:
  void step() {
    const std::size_t skipped = text_[at_] == '#'
                                    ? after_directive(text_, at_)
                                    : after_opaque(text_, at_);
    if (skipped != at_) {
      // A linkage's "C" matters, other literals and comments do not.
      head_ += text_[at_] == '"' ? text_.substr(at_, skipped - at_)
                                 : std::string_view(" ");
      at_ = skipped;
    } else if (text_[at_] == '{') {
      open();
    } else {
      const bool ends = text_[at_] == ';' || text_[at_] == '}';
      head_ = ends ? "" : head_ + text_[at_];
      ++at_;
    }
  }

  void open() {
    const brace kind = opened_by(head_);
    if (kind == brace::scope) {
      head_.clear();
      ++at_;
      return;
    }
    const std::size_t end = after_braces(text_, at_);
    if (kind == brace::body) {
      cut_.outer.emplace_back(text_.substr(start_, at_ + 1 - start_));
      const auto lines = std::count(
          text_.begin(),
          text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
      cut_.bodies.push_back(
          {std::string(text_.substr(at_ + 1, end - at_ - 2)),
           static_cast<std::size_t>(lines) + 1});
      start_ = end - 1;
      head_.clear();
    } else {
      head_ += "{}";
    }
    at_ = end;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  // of the outer text that is not yet kept
  std::string head_;       // of the declaration, without literals
  cut_source cut_;
};

/// `text` without comments, its blanks as one.
std::string essence(std::string_view text) {
  std::string bare;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = after_opaque(text, i);
    if (end != i && text[i] != '/') {
      bare += text.substr(i, end - i);
    } else if (end == i &&
               std::isspace(static_cast<unsigned char>(text[i])) == 0) {
      bare += text[i];
    } else if (!bare.empty() && bare.back() != ' ') {
      bare += ' ';
    }
    i = std::max(end, i + 1);
  }
  return bare;
}

/// Whether the body after `outer` decides what its function returns:
/// two of them would have to agree.
bool deduces_its_type(const std::string& outer) {
  static const std::regex deduced(R"(\bauto\b[^(]*\()");
  const std::size_t brace = outer.rfind('{');
  const std::size_t before = outer.find_last_of(";{}", brace - 1);
  const std::string head = plain_head(
      outer.substr(before + 1, brace - before - 1));  // npos + 1 is 0
  return std::regex_search(head, deduced) &&
         head.find("->") == std::string::npos;
}

std::string at_line(std::size_t line, const std::string& file) {
  return fmt::format("\n#line {} \"{}\"\n", line, file);
}

}  // namespace

cut_source cut_at_bodies(std::string_view text) {
  return cutter(text).run();
}

bool differ_in_bodies_only(const cut_source& reference,
                           const cut_source& wrong) {
  const bool same_around =
      std::equal(reference.outer.begin(), reference.outer.end(),
                 wrong.outer.begin(), wrong.outer.end(),
                 [](const std::string& ours, const std::string& own) {
                   return essence(ours) == essence(own);
                 });
  for (std::size_t i = 0; same_around && i < wrong.bodies.size(); ++i) {
    if (deduces_its_type(reference.outer[i]) &&
        essence(reference.bodies[i].text) !=
            essence(wrong.bodies[i].text)) {
      return false;
    }
  }
  return same_around;
}

std::string merged(const std::string& reference,
                   const std::string& shown_as,
                   const std::vector<wrong_form>& wrongs) {
  const cut_source ours = cut_at_bodies(reference);
  std::vector<cut_source> theirs;
  for (const wrong_form& each : wrongs) {
    theirs.push_back(cut_at_bodies(each.text));
  }
  std::string text =
      "namespace workbook_try {\nextern const int which;\n}" +
      at_line(1, shown_as);
  for (std::size_t i = 0; i < ours.bodies.size(); ++i) {
    const cut_source::body& own = ours.bodies[i];
    text += ours.outer[i];
    std::string choices;
    for (std::size_t k = 0; k < wrongs.size(); ++k) {
      const cut_source::body& wrong = theirs[k].bodies[i];
      if (essence(wrong.text) != essence(own.text)) {
        choices += fmt::format(
            "if (workbook_try::which == {}) {{{}{}\n}} else ",
            wrongs[k].number,
            at_line(wrong.line, "try:" + wrongs[k].name), wrong.text);
      }
    }
    if (choices.empty()) {
      text += own.text;
      continue;
    }
    text +=
        choices + "{" + at_line(own.line, shown_as) + own.text + "\n}" +
        at_line(own.line + static_cast<std::size_t>(std::count(
                               own.text.begin(), own.text.end(), '\n')),
                shown_as);
  }
  return text + ours.outer.back();
}

}  // namespace workbook
