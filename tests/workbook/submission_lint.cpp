// What a file that is handed in may not have: the grader's words, or
// what would let it speak in the tests' name.

#include "workbook/submission_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <set>
#include <thread>

#include "workbook/preprocessed.hpp"
#include "workbook/submission_rules.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

bool is_of_tests(const std::string& reference) {
  return reference.find("MY_TEST(") != std::string::npos;
}

bool is_assembly(const std::string& message) {
  return message.starts_with("`asm`") ||
         message.starts_with("`__asm`") ||
         message.starts_with("`__asm__`");
}

/// Sentences that do not count against a file.
std::set<std::string> allowed_in(const std::string& reference,
                                 bool may_use_asm) {
  std::set<std::string> allowed;
  const auto tokens = code_tokens(reference);
  for (const violation& each : is_of_tests(reference)
                                   ? violations_in_tests(tokens)
                                   : violations_in(tokens)) {
    if (!is_assembly(each.message)) {
      allowed.insert(each.message);
    }
  }
  if (may_use_asm) {
    for (const char* word : {"asm", "__asm", "__asm__"}) {
      allowed.insert(
          fmt::format("`{}` hides code from the tests", word));
    }
  }
  return allowed;
}

/// A submission: its files, and what each may do.
class submission {
 public:
  submission(const workspace& where, const chapter& of,
             const submission_place& at, const preprocessor& with)
      : where_(where), of_(of), at_(at), preprocess_(with) {
    folders_.own.push_back(at.own);
    for (const std::string& lab : of.rests_on) {
      (at.judges_base ? folders_.own : folders_.trusted)
          .push_back(at.base / lab);
    }
    folders_.trusted.push_back(where.root / "tests" / "grading" /
                               "todo.hpp");
    for (const fs::path& folder : folders_.own) {
      for (const fs::path& file : sources_in(folder)) {
        trust_includes_of(reference_of(file));
      }
    }
  }

  std::string as_written() {
    for (const fs::path& folder : folders_.own) {
      for (const fs::path& file : sources_in(folder)) {
        const std::string violation = first_violation(
            read_text(file), reference_of(file), may_use_asm(file));
        if (!violation.empty()) {
          return fmt::format("{}:{}", where_.shown(file), violation);
        }
      }
    }
    return "";
  }

  /// In each program that has the reader's code.
  std::string as_preprocessed() {
    const std::vector<unit_command> units = units_with_submission();
    std::vector<std::string> found(units.size());
    std::vector<std::jthread> threads;
    const std::size_t cores =
        std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t core = 0; core < cores; ++core) {
      threads.emplace_back([&, core] {
        for (std::size_t i = core; i < units.size(); i += cores) {
          found[i] = violation_in_unit(units[i]);
        }
      });
    }
    threads.clear();
    const auto first =
        std::find_if(found.begin(), found.end(),
                     [](const auto& each) { return !each.empty(); });
    return first == found.end() ? "" : *first;
  }

 private:
  static std::vector<fs::path> sources_in(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder, failed)) {
      const bool code = entry.path().extension() != ".schedule";
      if (code && entry.is_regular_file(failed)) {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  /// A header of the tests that the reference includes is allowed:
  /// where the reader writes tests, it declares what they need.
  void trust_includes_of(const std::string& reference) {
    static const std::regex include(R"re(#include "([^"]+/[^"]+)")re");
    for (std::sregex_iterator
             each(reference.begin(), reference.end(), include),
         end;
         each != end; ++each) {
      folders_.trusted.push_back(where_.root / "tests" /
                                 (*each)[1].str());
    }
  }

  /// The reference's text of the same file; "" if it has none, since
  /// such a file is the reader's all the same.
  [[nodiscard]] std::string reference_of(const fs::path& file) const {
    const std::string lab =
        is_own(file) ? of_.lab : file.parent_path().filename().string();
    fs::path reference =
        where_.root / "solutions" / lab / file.filename();
    if (!fs::exists(reference)) {  // in a handout
      reference = where_.tests(lab) / "given" / file.filename();
    }
    return fs::exists(reference) ? read_text(reference) : "";
  }

  [[nodiscard]] bool is_own(const fs::path& file) const {
    return file.parent_path() == at_.own;
  }

  [[nodiscard]] bool may_use_asm(const fs::path& file) const {
    const std::string lab =
        is_own(file) ? of_.lab : file.parent_path().filename().string();
    const chapter of =
        lab == of_.lab
            ? of_
            : read_chapter(where_.tests(lab) / "chapter.json");
    return std::find(of.may_use_asm.begin(), of.may_use_asm.end(),
                     file.filename().string()) != of.may_use_asm.end();
  }

  /// The command for the submission's folder, wherever it is.
  [[nodiscard]] unit_command in_place(unit_command unit) const {
    const fs::path labs = where_.root / "labs";
    replace_all(unit.command, (labs / of_.lab).string(),
                at_.own.string());
    for (const std::string& lab : of_.rests_on) {
      replace_all(unit.command, (labs / lab).string(),
                  (at_.base / lab).string());
    }
    return unit;
  }

  std::vector<unit_command> units_with_submission() {
    std::vector<unit_command> units;
    for (const step& each : of_.steps) {
      for (const std::string& test : each.tests) {
        if (each.mutant.empty()) {
          const std::string unit = test.substr(0, test.rfind('.'));
          for (unit_command& command :
               compile_commands(where_, of_.lab + ".labs." + unit)) {
            units.push_back(in_place(std::move(command)));
          }
        }
      }
    }
    return units;
  }

  [[nodiscard]] std::string violation_in_unit(
      const unit_command& unit) const {
    const auto output = preprocess_(unit);
    if (!output) {
      return "";  // nor will it compile
    }
    const preprocessed_code code =
        code_of_submission(*output, folders_);
    if (!code.refused.empty()) {
      return sentence(code.refused_at, code.refused);
    }
    std::map<fs::path, std::set<std::string>> allowed;
    for (const violation& each :
         violations_in(code_tokens(code.text))) {
      const auto& place = code.places[each.line - 1];
      const std::string reference = reference_of(place.file);
      if (is_of_tests(reference)) {
        continue;  // macros of tests have words of tests in them
      }
      if (!allowed.contains(place.file)) {
        allowed[place.file] =
            allowed_in(reference, may_use_asm(place.file));
      }
      if (!allowed[place.file].contains(each.message)) {
        return sentence(place, each.message);
      }
    }
    return "";
  }

  [[nodiscard]] std::string sentence(const preprocessed_code::place& at,
                                     const std::string& message) const {
    return fmt::format("{}:{}: {}", where_.shown(at.file), at.line,
                       message);
  }

  const workspace& where_;
  const chapter& of_;
  const submission_place& at_;
  const preprocessor& preprocess_;
  submission_files folders_;
};

}  // namespace

std::string first_violation(const std::string& text,
                            const std::string& reference,
                            bool may_use_asm) {
  const auto allowed = allowed_in(reference, may_use_asm);
  const auto tokens = code_tokens(text);
  // Where the reader writes tests, their words are the reader's.
  for (const violation& each : is_of_tests(reference)
                                   ? violations_in_tests(tokens)
                                   : violations_in(tokens)) {
    if (!allowed.contains(each.message)) {
      return fmt::format("{}: {}", each.line, each.message);
    }
  }
  return "";
}

std::string first_violation(const workspace& where, const chapter& of,
                            const submission_place& at,
                            const preprocessor& with) {
  submission judged(where, of, at, with);
  const std::string written = judged.as_written();
  return written.empty() ? judged.as_preprocessed() : written;
}

}  // namespace workbook
