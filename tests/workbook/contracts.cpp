// Every sentence of a chapter's contracts, with the tests that quote it
// and the mutants that those tests catch.

#include "workbook/contracts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "workbook/docstrings.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/mutant.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;

/// The words of a call contract("…" "…") and where it is.
struct quotation {
  std::string test;   // whose first it is
  std::string place;  // "step_1.cpp:12"
  std::string words;
  bool counts = true;  // not for a test of the reader's schedule
};

/// `literals` is `"one " "two"`.
std::string joined_literals(const std::string& literals) {
  static const std::regex literal(R"re("((\\.|[^"\\])*)")re");
  static const std::regex escaped(R"(\\(["\\]))");
  std::string words;
  for (std::sregex_iterator
           each(literals.begin(), literals.end(), literal),
       end;
       each != end; ++each) {
    words += (*each)[1];
  }
  return std::regex_replace(words, escaped, "$1");
}

/// The number of the line at `position`.
std::size_t line_of_position(const std::string& text,
                             std::ptrdiff_t position) {
  return 1 + static_cast<std::size_t>(std::count(
                 text.begin(), text.begin() + position, '\n'));
}

/// Where the reader writes the tests, those that judge them quote the
/// task, and no docstring.
bool judges_tests(const chapter& of, const graded_test& test) {
  const step& own = of.steps[of.place_of(test.step)];
  return own.file.ends_with(".cpp");
}

/// All quotations of one test file. A test may have several.
std::vector<quotation> quotations_in(
    const std::string& file, const std::string& text, const chapter& of,
    const std::vector<graded_test>& tests) {
  static const std::regex call(
      R"re(\bcontract\(\s*(("(\\.|[^"\\])*"\s*)+)\))re");
  std::vector<quotation> all;
  for (std::sregex_iterator each(text.begin(), text.end(), call), end;
       each != end; ++each) {
    quotation made;
    const std::size_t line = line_of_position(text, each->position());
    made.place = fmt::format("{}:{}", file, line);
    made.words = joined_literals((*each)[1]);
    std::size_t nearest = 0;
    for (const graded_test& test : tests) {
      if (test.file == file && test.line <= line &&
          test.line > nearest) {
        nearest = test.line;
        made.test = test.name;
        made.counts = !of.breaks(test.step);
      }
    }
    all.push_back(std::move(made));
  }
  return all;
}

std::vector<quotation> quotations_of(const workspace& where,
                                     const chapter& of) {
  const std::vector<graded_test> tests = list_tests(where, of);
  std::set<std::string> files;
  for (const graded_test& test : tests) {
    if (!judges_tests(of, test)) {
      files.insert(test.file);
    }
  }
  std::vector<quotation> all;
  for (const std::string& file : files) {
    const std::string text = read_text(where.tests(of.lab) / file);
    for (quotation& each : quotations_in(file, text, of, tests)) {
      all.push_back(std::move(each));
    }
  }
  return all;
}

/// The mutants that each test catches, by the test's name.
std::map<std::string, std::vector<std::string>> caught_by_test(
    const workspace& where, const chapter& of) {
  std::map<std::string, std::vector<std::string>> caught;
  for (const fs::path& patch : patches_of(where, of)) {
    const mutant each = read_mutant(where, patch);
    for (const std::string& test : each.caught_by) {
      caught[test].push_back(each.name);
    }
  }
  return caught;
}

/// What contracts.json says.
struct marks {
  struct mark {
    std::string words;
    std::string reason;
  };
  std::vector<mark> not_graded;
  std::size_t allowed = 0;
};

std::vector<std::string> marked_words(const json& field) {
  return field.is_string()
             ? std::vector<std::string>{field.get<std::string>()}
             : field.get<std::vector<std::string>>();
}

marks read_marks(const workspace& where, const chapter& of) {
  const fs::path file = where.tests(of.lab) / "contracts.json";
  marks read;
  if (!fs::exists(file)) {
    return read;
  }
  try {
    const json whole = json::parse(read_text(file));
    read.allowed = whole.value("open_at_most", std::size_t{0});
    for (const json& each : whole.at("not_graded")) {
      const std::string reason = each.at("reason");
      if (trimmed(reason).empty()) {
        throw problem("{}: a mark needs its \"reason\"",
                      where.shown(file));
      }
      for (const std::string& words : marked_words(each.at("words"))) {
        read.not_graded.push_back({words, reason});
      }
    }
  } catch (const json::exception& error) {
    throw problem(
        "{}: {{\"open_at_most\": 0, \"not_graded\": [{{\"reason\": "
        "\"…\", \"words\": [\"…\"]}}]}} is expected: {}",
        where.shown(file), error.what());
  }
  return read;
}

/// Puts quotations and marks beside the sentences.
class accountant {
 public:
  accountant(const workspace& where, const chapter& of) {
    account_.lab = of.lab;
    for (const std::string& file : of.files) {
      for (docstring& each : docstrings_in(
               read_text(where.root / "solutions" / of.lab / file))) {
        first_.push_back(account_.sentences.size());
        for (std::size_t i = 0; i < each.starts.size(); ++i) {
          account_.sentences.push_back(
              {file, each.line, each.of, each.sentence(i), {}, {}, ""});
        }
        docstrings_.push_back(std::move(each));
      }
    }
  }

  void take(
      const quotation& each,
      const std::map<std::string, std::vector<std::string>>& caught) {
    const auto quoted = sentences_of(each.words);
    if (quoted.empty()) {
      account_.faults.push_back(
          fmt::format("{}: quotes what no docstring says: \"{}\"",
                      each.place, each.words));
    }
    if (!each.counts) {
      return;
    }
    for (contract_sentence* sentence : quoted) {
      add_once(sentence->tests, each.test);
      const auto found = caught.find(each.test);
      if (found != caught.end()) {
        for (const std::string& name : found->second) {
          add_once(sentence->mutants, name);
        }
      }
    }
  }

  void take(const marks::mark& each) {
    const auto marked = sentences_of(each.words);
    if (marked.empty()) {
      account_.faults.push_back(fmt::format(
          "contracts.json: marks what no docstring says: \"{}\"",
          each.words));
    }
    for (contract_sentence* sentence : marked) {
      if (sentence->accounted()) {
        account_.faults.push_back(
            fmt::format("contracts.json: marks what is graded: \"{}\"",
                        sentence->words));
      }
      sentence->not_graded = each.reason;
    }
  }

  /// Where an idea is from is told to the reader, not kept by code.
  void pass_over_sources() {
    for (contract_sentence& each : account_.sentences) {
      if (each.words.starts_with("Document: ")) {
        each.not_graded = "names its source";
      }
    }
  }

  contract_account finish(std::size_t allowed) {
    account_.allowed = allowed;
    return std::move(account_);
  }

 private:
  std::vector<contract_sentence*> sentences_of(
      const std::string& words) {
    std::vector<contract_sentence*> found;
    for (std::size_t i = 0; i < docstrings_.size(); ++i) {
      for (const std::size_t k :
           quoted_sentences(docstrings_[i], words)) {
        found.push_back(&account_.sentences[first_[i] + k]);
      }
    }
    return found;
  }

  static void add_once(std::vector<std::string>& to,
                       const std::string& name) {
    if (std::find(to.begin(), to.end(), name) == to.end()) {
      to.push_back(name);
    }
  }

  contract_account account_;
  std::vector<docstring> docstrings_;
  std::vector<std::size_t> first_;  // sentence of each docstring
};

}  // namespace

std::string contract_sentence::missing() const {
  return accounted()     ? ""
         : tests.empty() ? "no test quotes it"
                         : fmt::format("{}: catch no mutant",
                                       fmt::join(tests, ", "));
}

std::size_t contract_account::open() const {
  return faults.size() +
         static_cast<std::size_t>(std::count_if(
             sentences.begin(), sentences.end(),
             [](const auto& each) { return !each.accounted(); }));
}

std::size_t contract_account::not_graded() const {
  return static_cast<std::size_t>(std::count_if(
      sentences.begin(), sentences.end(),
      [](const auto& each) { return !each.not_graded.empty(); }));
}

contract_account account_for(const workspace& where,
                             const chapter& of) {
  const auto caught = caught_by_test(where, of);
  const marks known = read_marks(where, of);
  accountant account(where, of);
  account.pass_over_sources();
  for (const quotation& each : quotations_of(where, of)) {
    account.take(each, caught);
  }
  for (const marks::mark& each : known.not_graded) {
    account.take(each);
  }
  return account.finish(known.allowed);
}

}  // namespace workbook
