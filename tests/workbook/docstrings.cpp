// The sentences that a source promises: its public docstrings and its
// numbered invariants.

#include "workbook/docstrings.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>

#include "workbook/text_file.hpp"

namespace workbook {

namespace {

/// `text` with every run of white space as one blank.
std::string squeezed(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string all;
  for (std::string word; words >> word;) {
    all += (all.empty() ? "" : " ") + word;
  }
  return all;
}

std::size_t count_words(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::size_t count = 0;
  for (std::string word; words >> word;) {
    ++count;
  }
  return count;
}

/// Whether a sentence may begin with this character.
bool begins_sentence(char each) {
  const auto byte = static_cast<unsigned char>(each);
  return std::isupper(byte) != 0 || std::isdigit(byte) != 0 ||
         each == '`' || each == '(' || each == '~' || each == '"';
}

/// Where the sentences of one paragraph begin.
std::vector<std::size_t> starts_in(const std::string& text) {
  std::vector<std::size_t> starts = {0};
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    const bool ends =
        text[i] == '.' || text[i] == '?' || text[i] == '!';
    std::size_t next = i + 1;
    while (next < text.size() &&
           (text[next] == ')' || text[next] == '"')) {
      ++next;
    }
    if (ends && next + 1 < text.size() && text[next] == ' ' &&
        begins_sentence(text[next + 1])) {
      starts.push_back(next + 1);
    }
  }
  return starts;
}

/// Collects the lines of one docstring.
class collector {
 public:
  explicit collector(std::size_t line) { made_.line = line; }

  /// A line without its comment marks.
  void add(std::string_view raw) {
    const std::string_view line = trimmed(raw);
    const bool item = line.starts_with("- ");
    if (line.empty() || item) {
      end_paragraph();
    }
    paragraph_ += ' ';
    paragraph_ += item ? line.substr(2) : line;
  }

  docstring finish(std::string of) {
    end_paragraph();
    made_.of = std::move(of);
    return std::move(made_);
  }

 private:
  void end_paragraph() {
    const std::string text = squeezed(paragraph_);
    paragraph_.clear();
    if (text.empty()) {
      return;
    }
    made_.text += made_.text.empty() ? "" : " ";
    for (const std::size_t start : starts_in(text)) {
      made_.starts.push_back(made_.text.size() + start);
    }
    made_.text += text;
  }

  docstring made_;
  std::string paragraph_;
};

/// The name that a declaration gives: "submit" of "auto submit(F&& f".
std::string declared_name(const std::string& declaration) {
  static const std::regex kind(
      R"(\b(?:class|struct|union|enum class|enum)\s+(?:\[\[[^\]]*\]\]\s*)?(\w+))");
  static const std::regex called(R"((operator[^\w\s(]+|~?\w+)\s*\()");
  static const std::regex last(R"((\w+)\s*(?:=.*|\{.*|;.*|,.*)?$)");
  std::smatch found;
  const std::string line = declaration.substr(
      declaration.starts_with("template") ? declaration.find('>') + 1
                                          : 0);
  if (std::regex_search(line, found, kind) ||
      std::regex_search(line, found, called) ||
      std::regex_search(line, found, last)) {
    return found[1];
  }
  return "";
}

/// Walks the lines of a source.
class docstring_reader {
 public:
  explicit docstring_reader(std::string_view source)
      : lines_(lines_of(source)) {}

  std::vector<docstring> run() {
    while (at_ < lines_.size()) {
      step();
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] std::string_view line(std::size_t at) const {
    return at < lines_.size() ? trimmed(lines_[at])
                              : std::string_view();
  }

  void step() {
    static const std::regex invariant(R"(//\s+\((I\d+)\)\s+(.*))");
    static const std::regex beside(R"((.*\S)\s*///<\s*(.*))");
    const std::string text(line(at_));
    std::smatch found;
    if (text.starts_with("///") && !text.starts_with("///<")) {
      take_docstring();
    } else if (std::regex_match(text, found, invariant)) {
      take_invariant(found[1], found[2]);
    } else if (std::regex_match(text, found, beside)) {
      take_beside(found[1], found[2]);
    } else {
      ++at_;
    }
  }

  void take_docstring() {
    collector made(at_ + 1);
    for (; line(at_).starts_with("///"); ++at_) {
      made.add(line(at_).substr(3));
    }
    std::string declaration;
    for (std::size_t i = at_; i < std::min(at_ + 6, lines_.size());
         ++i) {
      const std::string_view code = line(i);
      if (!code.starts_with("//")) {
        declaration += std::string(code) + ' ';
      }
      if (code.find_first_of("({;") != std::string_view::npos) {
        break;
      }
    }
    found_.push_back(made.finish(declared_name(declaration)));
  }

  /// Its further lines are indented more than its number.
  void take_invariant(const std::string& number,
                      const std::string& first) {
    collector made(at_ + 1);
    made.add(first);
    const std::size_t indent = lines_[at_].find('(');
    for (++at_; line(at_).starts_with("//"); ++at_) {
      const std::size_t begins = lines_[at_].find_first_not_of("/ \t");
      if (begins == std::string::npos || begins <= indent) {
        break;
      }
      made.add(line(at_).substr(2));
    }
    found_.push_back(made.finish("(" + number + ")"));
  }

  /// `ok,  ///< the value was handed over`, and lines below it.
  void take_beside(const std::string& code, const std::string& first) {
    collector made(at_ + 1);
    made.add(first);
    for (++at_; line(at_).starts_with("///<"); ++at_) {
      made.add(line(at_).substr(4));
    }
    found_.push_back(made.finish(declared_name(code)));
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  std::vector<docstring> found_;
};

/// The parts of a quotation between its ellipses.
std::vector<std::string> parts_of(std::string_view quoted) {
  std::string text(quoted);
  for (std::size_t at = text.find("…"); at != std::string::npos;
       at = text.find("…")) {
    text.replace(at, std::string("…").size(), "\n");
  }
  std::vector<std::string> parts;
  for (const std::string& line : lines_of(text)) {
    std::string part = squeezed(line);
    if (!part.empty()) {
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

}  // namespace

std::string docstring::sentence(std::size_t i) const {
  const std::size_t end =
      i + 1 < starts.size() ? starts[i + 1] : text.size();
  return std::string(trimmed(
      std::string_view(text).substr(starts[i], end - starts[i])));
}

std::vector<docstring> docstrings_in(std::string_view source) {
  return docstring_reader(source).run();
}

std::vector<std::size_t> quoted_sentences(const docstring& in,
                                          std::string_view quoted) {
  std::vector<std::string> words(in.starts.size());  // of each sentence
  std::size_t from = 0;
  for (const std::string& part : parts_of(quoted)) {
    const std::size_t at = in.text.find(part, from);
    if (at == std::string::npos) {
      return {};
    }
    from = at + part.size();
    for (std::size_t i = 0; i < in.starts.size(); ++i) {
      const std::size_t begin = std::max(at, in.starts[i]);
      const std::size_t end =
          std::min(from, i + 1 < in.starts.size() ? in.starts[i + 1]
                                                  : in.text.size());
      if (begin < end) {
        words[i] += in.text.substr(begin, end - begin) + ' ';
      }
    }
  }
  constexpr std::size_t enough = 3;
  std::vector<std::size_t> sentences;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t quoted_words = count_words(words[i]);
    if (quoted_words >=
        std::min(enough, std::max<std::size_t>(
                             count_words(in.sentence(i)), 1))) {
      sentences.push_back(i);
    }
  }
  return sentences;
}

}  // namespace workbook
