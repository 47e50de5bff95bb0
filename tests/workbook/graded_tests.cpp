// The graded tests of a chapter, read from their sources as text.

#include "workbook/graded_tests.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <regex>
#include <set>

#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"
#include "workbook/tokens.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

constexpr int full_marks = 100;

/// The words of the first contract("…" "…") in `text`.
std::string promise_in(const std::string& text) {
  static const std::regex call(
      R"re(\bcontract\(\s*(("(\\.|[^"\\])*"\s*)+)\))re");
  static const std::regex literal(R"re("((\\.|[^"\\])*)")re");
  std::smatch found;
  if (!std::regex_search(text, found, call)) {
    return {};
  }
  const std::string literals = found[1];
  std::string words;
  for (std::sregex_iterator
           each(literals.begin(), literals.end(), literal),
       end;
       each != end; ++each) {
    words += (*each)[1];
  }
  static const std::regex escaped(R"(\\(["\\]))");
  return std::regex_replace(words, escaped, "$1");
}

struct found_macro {
  std::string kind;
  std::size_t position = 0;
};

std::vector<found_macro> macros_in(const std::string& text) {
  static const std::regex macro(
      R"((^|\n)(GRADED|EXPLORED|BREAKS)[ \t]*\()");
  std::vector<found_macro> found;
  for (std::sregex_iterator each(text.begin(), text.end(), macro), end;
       each != end; ++each) {
    found.push_back(
        {(*each)[2], static_cast<std::size_t>(each->position(2))});
  }
  return found;
}

/// The number that an explored test gives `name`, or `otherwise`.
int option_in(const std::string& macro, const std::string& name,
              int otherwise) {
  const std::regex form("\\." + name + "\\s*=\\s*(\\d[\\d']*)");
  std::smatch found;
  if (!std::regex_search(macro, found, form)) {
    return otherwise;
  }
  std::string digits = found[1];
  std::erase(digits, '\'');
  return std::stoi(digits);
}

/// `own` begins with EXPLORED(; its arguments end before the body.
void read_budget(const std::string& own, graded_test& test) {
  constexpr int usual = 300;  // explore::options::schedules
  const std::size_t open = own.find('(');
  const std::string macro = own.substr(0, after_closing(own, open));
  test.schedules = option_in(macro, "schedules", usual);
  test.exhaustive = option_in(macro, "exhaustive", -1);
}

std::size_t line_at(const std::string& text, std::size_t position) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(position);
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

/// Adds what is wrong with the whole of a chapter's tests.
class checks {
 public:
  checks(const chapter& of, std::vector<std::string>& faults)
      : of_(of), faults_(faults) {}

  void add(graded_test& test, const std::string& where) {
    const std::size_t place = of_.place_of(test.step);
    if (place == of_.steps.size()) {
      faults_.push_back(fmt::format(
          "{}: step {} is not declared by chapter {}; its steps are {}",
          where, test.step, of_.lab, of_.step_list()));
      return;
    }
    const step& own = of_.steps[place];
    if (std::find(own.tests.begin(), own.tests.end(), test.file) ==
        own.tests.end()) {
      faults_.push_back(
          fmt::format("{}: step {} does not list {} among its tests in "
                      "chapter.json",
                      where, test.step, test.file));
    }
    if (!names_.insert(test.name).second) {
      faults_.push_back(fmt::format(
          "{}: a test {} is there already; a name is used once in a "
          "chapter",
          where, test.name));
    }
    test.id = of_.number() + "." + test.name;
    test.bonus = own.bonus;
    sum_ += own.bonus ? 0 : test.points;
  }

  void check_sum() {
    if (sum_ != full_marks) {
      faults_.push_back(fmt::format(
          "tests/{}: the points of the tests add up to {}, they must "
          "add up to {}",
          of_.lab, sum_, full_marks));
    }
  }

 private:
  const chapter& of_;
  std::vector<std::string>& faults_;
  std::set<std::string> names_;
  int sum_ = 0;
};

std::vector<std::string> files_in_order(const chapter& of) {
  std::vector<std::string> files;
  for (const step& each : of.steps) {
    for (const std::string& file : each.tests) {
      if (std::find(files.begin(), files.end(), file) == files.end()) {
        files.push_back(file);
      }
    }
  }
  return files;
}

}  // namespace

std::vector<graded_test> scan_tests(const std::string& text,
                                    const std::string& shown_as,
                                    std::vector<std::string>& faults) {
  static const std::regex arguments(
      R"(\w+\s*\(\s*(\w+)\s*,\s*(\w+)\s*,)"
      R"(\s*(\d+\.\d+)\s*,\s*(\d+)\s*[,)])");
  const std::string code = without_comments(text);
  const std::vector<found_macro> macros = macros_in(code);
  std::vector<graded_test> tests;
  for (std::size_t i = 0; i < macros.size(); ++i) {
    const std::size_t start = macros[i].position;
    const std::size_t end =
        i + 1 < macros.size() ? macros[i + 1].position : code.size();
    const std::string own = code.substr(start, end - start);
    graded_test test;
    test.line = line_at(code, start);
    test.kind = macros[i].kind == "GRADED" ? "native" : "explored";
    if (macros[i].kind == "EXPLORED") {
      read_budget(own, test);
    }
    std::smatch found;
    if (!std::regex_search(own, found, arguments,
                           std::regex_constants::match_continuous)) {
      faults.push_back(fmt::format(
          "{}:{}: this test does not begin with four literals: "
          "(suite, test, 1.1, points)",
          shown_as, test.line));
      continue;
    }
    test.suite = found[1];
    test.name = found[2];
    test.step = found[3];
    test.points = std::stoi(found[4]);
    test.promise = promise_in(own);
    tests.push_back(std::move(test));
  }
  return tests;
}

std::vector<graded_test> list_tests(const workspace& where,
                                    const chapter& of) {
  std::vector<graded_test> all;
  std::vector<std::string> faults;
  checks check(of, faults);
  for (const std::string& name : files_in_order(of)) {
    const fs::path file = where.tests(of.lab) / name;
    const std::string shown = where.shown(file);
    if (!fs::exists(file)) {
      faults.push_back(shown + ": is not there; chapter.json names it");
      continue;
    }
    for (graded_test& test :
         scan_tests(read_text(file), shown, faults)) {
      test.file = name;
      check.add(test, fmt::format("{}:{}", shown, test.line));
      all.push_back(std::move(test));
    }
  }
  check.check_sum();
  if (!faults.empty()) {
    throw problem("{}", fmt::join(faults, "\n"));
  }
  std::stable_sort(all.begin(), all.end(),
                   [&](const graded_test& a, const graded_test& b) {
                     return of.place_of(a.step) < of.place_of(b.step);
                   });
  return all;
}

}  // namespace workbook
