// What a file that is handed in may not speak of: the grader.

#include "workbook/submission_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <regex>
#include <set>
#include <string_view>

#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

// Whole words: the tests' own names and macros, …
constexpr std::array<std::string_view, 7> words_of_tests = {
    "explore",  "grading", "testing", "GRADED",
    "EXPLORED", "BREAKS",  "MY_TEST"};
// … and what hides code from the explorer, or tells that it is there.
constexpr std::array<std::string_view, 9> words_of_hiding = {
    "asm",
    "__asm",
    "__asm__",
    "no_sanitize",
    "_Pragma",
    "no_sanitize_thread",
    "__has_feature",
    "__SANITIZE_THREAD__",
    "disable_sanitizer_instrumentation"};
constexpr std::array<std::string_view, 6> beginnings = {
    "EXPECT_", "ASSERT_", "GTEST_", "WORKBOOK_", "__tsan_", "__wrap_"};

template <typename List>
bool holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Why `word` is a violation; nothing if it is none.
std::optional<std::string> violation_in(const std::string& word) {
  const bool begins = std::any_of(
      beginnings.begin(), beginnings.end(),
      [&](std::string_view each) { return word.starts_with(each); });
  if (begins || holds(words_of_tests, word)) {
    return fmt::format("`{}` belongs to the tests; a lab does without",
                       word);
  }
  if (holds(words_of_hiding, word)) {
    return fmt::format("`{}` hides code from the tests", word);
  }
  return std::nullopt;
}

/// One line of code in front of the compiler: continued ones joined,
/// without comments.
struct code_line {
  std::size_t number = 0;
  std::string text;
  std::string bare;  // … and without what stands in quotes
};

std::vector<code_line> lines_of_code(const std::string& text) {
  std::vector<code_line> lines;
  bool in_comment = false;
  bool continued = false;
  std::size_t number = 0;
  for (const std::string& raw : lines_of(text)) {
    ++number;
    if (!continued) {
      lines.push_back({number, "", ""});
    }
    continued = raw.ends_with('\\');
    const std::size_t end = raw.size() - (continued ? 1 : 0);
    char quote = '\0';
    for (std::size_t i = 0; i < end; ++i) {
      const std::string_view two = std::string_view(raw).substr(i, 2);
      if (in_comment) {
        in_comment = two != "*/";
        i += in_comment ? 0 : 1;
      } else if (quote != '\0') {
        lines.back().text += raw[i];
        if (raw[i] == '\\' && i + 1 < end) {
          lines.back().text += raw[++i];
        } else if (raw[i] == quote) {
          quote = '\0';
        }
      } else if (two == "//") {
        break;
      } else if (two == "/*") {
        in_comment = true;
        ++i;
      } else {
        // A ' between digits parts them, and quotes nothing.
        const bool parts =
            i > 0 &&
            std::isalnum(static_cast<unsigned char>(raw[i - 1]));
        const bool quotes = raw[i] == '"' || (raw[i] == '\'' && !parts);
        quote = quotes ? raw[i] : '\0';
        lines.back().bare += raw[i];
        lines.back().text += raw[i];
      }
    }
  }
  return lines;
}

/// What is wrong in one line: a directive, a linkage, a word.
std::vector<std::string> violations_in(const code_line& code) {
  const std::string& line = code.text;
  static const std::regex pragma(R"(^\s*(#|%:)\s*pragma\s+(?!once\b))");
  static const std::regex included(
      R"re(^\s*(#|%:)\s*include\s*"(.*)")re");
  static const std::regex linkage(R"re(\bextern\s*"C)re");
  static const std::regex word(R"([A-Za-z_]\w*)");
  std::vector<std::string> violations;
  std::smatch found;
  if (std::regex_search(line, pragma)) {
    violations.push_back("a lab needs no #pragma but `once`");
  }
  if (std::regex_search(line, linkage)) {
    violations.push_back("a lab defines no C function");
  }
  if (std::regex_search(line, found, included)) {
    const std::string file = found[2];
    if (file.find('/') != std::string::npos &&
        file != "grading/todo.hpp") {
      violations.push_back(fmt::format(
          "a lab includes the labs' own files, not \"{}\"", file));
    }
    return violations;
  }
  const std::string& words =
      line.find("WORKBOOK_") == std::string::npos ? code.bare : line;
  for (auto each =
           std::sregex_iterator(words.begin(), words.end(), word);
       each != std::sregex_iterator(); ++each) {
    if (auto violation = violation_in(each->str())) {
      violations.push_back(std::move(*violation));
    }
  }
  return violations;
}

/// The first violation in the code that lies in `from`. A file that the
/// reference does not have is hers all the same.
std::string violation_below(const workspace& where,
                            const std::string& lab,
                            const fs::path& from) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(from, failed)) {
    const bool code = entry.path().extension() != ".schedule";
    if (code && entry.is_regular_file(failed)) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    fs::path reference =
        where.root / "solutions" / lab / file.filename();
    if (!fs::exists(reference, failed)) {  // in a handout
      reference = where.tests(lab) / "given" / file.filename();
    }
    const std::string violation = first_violation(
        read_text(file),
        fs::exists(reference, failed) ? read_text(reference) : "");
    if (!violation.empty()) {
      return fmt::format("{}:{}", where.shown(file), violation);
    }
  }
  return "";
}

}  // namespace

std::string first_violation(const std::string& text,
                            const std::string& reference) {
  // Where the reader writes tests, their words are hers.
  if (reference.find("MY_TEST(") != std::string::npos) {
    return "";
  }
  std::set<std::string> allowed;
  for (const code_line& line : lines_of_code(reference)) {
    for (std::string& each : violations_in(line)) {
      allowed.insert(std::move(each));
    }
  }
  for (const code_line& line : lines_of_code(text)) {
    for (const std::string& each : violations_in(line)) {
      if (!allowed.contains(each)) {
        return fmt::format("{}: {}", line.number, each);
      }
    }
  }
  return "";
}

std::string first_violation(const workspace& where, const chapter& of,
                            const fs::path& own,
                            const std::string& base) {
  std::string violation = violation_below(where, of.lab, own);
  for (const std::string& lab : of.rests_on) {
    if (violation.empty() && base == "labs") {
      violation =
          violation_below(where, lab, where.root / "labs" / lab);
    }
  }
  return violation;
}

}  // namespace workbook
