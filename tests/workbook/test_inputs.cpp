// What a verdict depends on.

#include "workbook/test_inputs.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"
#include "workbook/unit_text.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// Names and contents of the files in `folder`, below it too if `deep`.
std::string contents_of(const fs::path& folder, bool deep) {
  std::set<fs::path> files;
  std::error_code failed;
  for (fs::recursive_directory_iterator each(folder, failed), end;
       !failed && each != end; each.increment(failed)) {
    if (each->is_directory() && !deep) {
      each.disable_recursion_pending();
    } else if (each->is_regular_file()) {
      files.insert(each->path());
    }
  }
  std::string all;
  for (const fs::path& file : files) {
    all += file.string() + "\n" + read_text(file);
  }
  return all;
}

/// The explorer, the grading library, this program, their flags.
std::string state_of_tools(const workspace& where) {
  const fs::path tests = where.root / "tests";
  std::uint64_t state = 0;
  for (const char* folder : {"explore", "grading", "workbook", "."}) {
    state =
        state * 31 + fingerprint(contents_of(tests / folder, false));
  }
  return std::to_string(state);
}

std::string text_of(const fs::path& file) {
  return fs::exists(file) ? read_text(file) : std::string();
}

}  // namespace

test_inputs::test_inputs(const workspace& where, const chapter& of,
                         const variant& judged, const std::string& base)
    : where_(where),
      of_(of),
      judged_(judged),
      base_(base),
      tools_(state_of_tools(where)) {}

const std::string& test_inputs::of(const graded_test& test) {
  const auto known = known_.find(test.file);
  if (known != known_.end()) {
    return known->second;
  }
  std::string made;
  try {
    made = compute(test);
  } catch (const problem&) {
    made = "";
  }
  return known_[test.file] = made;
}

std::string test_inputs::compute(const graded_test& test) const {
  unit_section section;
  section.sources = of_.judges_no_sources(test.step)
                        ? where_.root / "solutions" / of_.lab
                        : judged_.sources(where_, of_);
  section.fallback = judged_.fallback(where_, of_);
  section.base = base_;
  section.tests = {where_.tests(of_.lab) / test.file};
  const std::string all = tools_ + unit_text(where_, of_, {section}) +
                          beside_the_sources(test);
  return fmt::format("{:016x}", fingerprint(all));
}

/// What is not included but compiled or read: other files of a chapter
/// that are compiled, a schedule and its mutant, the reader's tests and
/// what they judge.
std::string test_inputs::beside_the_sources(
    const graded_test& test) const {
  const fs::path sources = judged_.sources(where_, of_);
  std::string all;
  for (const std::string& name : of_.files) {
    all += name.ends_with(".S") ? text_of(sources / name) : "";
  }
  const std::size_t place = of_.place_of(test.step);
  if (!of_.judges_no_sources(test.step)) {
    return all;
  }
  const step& own = of_.steps[place];
  all += text_of(judged_.reads(where_, of_) / own.file);
  all += contents_of(where_.root / "solutions" / of_.lab, false);
  all += own.mutant.empty()
             ? contents_of(where_.tests(of_.lab), true)
             : text_of(where_.tests(of_.lab) / "mutants" /
                       (own.mutant + ".patch"));
  return all;
}

std::string fingerprint_of(const std::vector<fs::path>& folders) {
  std::uint64_t state = 0;
  for (const fs::path& folder : folders) {
    state = state * 31 + fingerprint(contents_of(folder, true));
  }
  return fmt::format("{:016x}", state);
}

}  // namespace workbook
