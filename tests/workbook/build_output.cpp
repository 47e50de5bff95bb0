// Follows the output of ninja or make: which program is there, which
// failed, and with which words.

#include "workbook/build_output.hpp"

#include <filesystem>
#include <regex>

#include "workbook/compiler_output.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

constexpr std::size_t longest_build_line = 4000;

/// "a/b/01_pooling/labs/step_1" without all but the last three names.
std::string last_three(const std::string& path) {
  std::size_t start = path.size();
  for (int names = 0; names < 3 && start != std::string::npos;
       ++names) {
    start = start == 0 ? std::string::npos : path.rfind('/', start - 1);
  }
  return start == std::string::npos ? path : path.substr(start + 1);
}

std::string last_words(const std::string& output) {
  const auto lines = lines_of(output);
  return lines.empty() ? "the build failed without a word"
                       : lines.back();
}

}  // namespace

build_output::build_output(const workspace& where,
                           const std::vector<test_program>& wanted,
                           bool ninja, const program_sink& on_built)
    : where_(where), on_built_(on_built), ninja_(ninja) {
  for (const test_program& each : wanted) {
    waiting_.emplace(each.target(), each);
    by_path_[each.path()] = each.target();
    family_dirs_[each.lab + "/" + each.variant + "/"] = each.family();
  }
}

void build_output::take(std::string_view raw) {
  const std::string line = without_colours(raw);
  static const std::regex progress(R"(\[ *\d+(?:/\d+|%)\] (.*))");
  static const std::regex failed(
      R"(FAILED: (.*)|g?make\[\d+\]: \*\*\* \[[^ ]*: ([^\]]*)\] .*)");
  const bool is_short = line.size() < longest_build_line;
  std::smatch found;
  if (is_short && std::regex_match(line, found, progress)) {
    current_ = nullptr;
    take_progress(found[1]);
  } else if (is_short && std::regex_match(line, found, failed)) {
    begin_failure(found[1].matched ? found[1] : found[2]);
  } else {
    (current_ != nullptr ? *current_ : loose_) += line + "\n";
  }
}

void build_output::finish(int status) {
  using kind = program_built::kind;
  const auto left = waiting_;
  for (const auto& [target, program] : left) {
    const auto own = failures_.find(target);
    const auto shared = shared_.find(program.family());
    if (own != failures_.end()) {
      tell(program, kind::does_not_compile,
           error_in(own->second, program));
    } else if (shared != shared_.end()) {
      tell(program, kind::does_not_compile,
           error_in(shared->second, program));
    } else if (status == 0 ||
               (other_.empty() && std::filesystem::exists(
                                      where_.build / program.path()))) {
      tell(program, kind::ready, {});
    } else {
      tell(program, kind::grader_is_broken,
           other_.empty() ? last_words(loose_)
                          : error_in(other_, program));
    }
  }
}

void build_output::tell(const test_program& program,
                        program_built::kind how,
                        const std::string& error) {
  const std::string target = program.target();
  if (waiting_.erase(target) != 0) {
    on_built_({target, how, error});
  }
}

/// "Linking CXX executable …/step_1" (ninja says it when that is done)
/// or "Built target 01_pooling.labs.step_1" (make).
void build_output::take_progress(const std::string& what) {
  const std::string link = "Linking CXX executable ";
  const std::string built = "Built target ";
  std::string target;
  if (ninja_ && what.starts_with(link)) {
    const auto found =
        by_path_.find(last_three(what.substr(link.size())));
    target = found == by_path_.end() ? "" : found->second;
  } else if (what.starts_with(built)) {
    target = what.substr(built.size());
  }
  const auto found = waiting_.find(target);
  if (found != waiting_.end()) {
    const test_program program = found->second;
    tell(program, program_built::kind::ready, {});
  }
}

/// `what` is the file that could not be made.
void build_output::begin_failure(const std::string& what) {
  current_ = &place_for(what);
  *current_ += what + "\n";
  if (!ninja_) {
    // make prints the compiler's words before it says who failed.
    *current_ += loose_;
    loose_.clear();
  }
}

std::string& build_output::place_for(const std::string& what) {
  static const std::regex in_target(
      R"((?:^|.*[ /])CMakeFiles/([^/]+)\.dir/.*)");
  const std::string file(trimmed(what));
  std::smatch found;
  std::string target;
  if (std::regex_match(file, found, in_target)) {
    target = found[1];
  } else if (by_path_.contains(last_three(file))) {
    target = by_path_[last_three(file)];
  }
  if (waiting_.contains(target)) {
    return failures_[target];
  }
  for (const auto& [folder, family] : family_dirs_) {
    if (target.starts_with(family + ".") ||
        (target.empty() && file.find(folder) != std::string::npos)) {
      return shared_[family];
    }
  }
  return other_;
}

std::string build_output::error_in(const std::string& output,
                                   const test_program& of) const {
  const std::string error = first_error(output, of.own, where_.root);
  return error.empty() ? last_words(output) : error;
}

}  // namespace workbook
