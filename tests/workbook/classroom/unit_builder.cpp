// Builds the test programs of one submission, each in a sandbox.

#include "workbook/classroom/unit_builder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <set>
#include <sstream>

#include "workbook/build.hpp"
#include "workbook/classroom/bounded_run.hpp"
#include "workbook/command.hpp"
#include "workbook/compiler_output.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

// A compiler at work on a test file of a lab needs some 420 MiB.
constexpr unsigned compiler_mebibytes = 2048;

test_limits compiler_limits(unsigned seconds) {
  test_limits limits;
  limits.cpu_seconds = seconds;
  limits.still_seconds = 8;
  limits.wall_seconds = 900;
  limits.output_bytes = 16UL << 20U;
  limits.memory_bytes = 2UL << 30U;
  return limits;
}

std::string target_of(const chapter& of, const std::string& unit) {
  return of.lab + ".labs." + unit;
}

/// Whether the program of `unit` is the same for every submission.
bool is_shared(const chapter& of, const std::string& unit) {
  for (const step& each : of.steps) {
    for (const std::string& test : each.tests) {
      if (test.substr(0, test.rfind('.')) == unit) {
        return !each.mutant.empty();
      }
    }
  }
  return false;
}

/// One grading at a time may build in the shared directory.
class build_lock {
 public:
  explicit build_lock(const fs::path& folder)
      : file_(::open((folder / ".classroom").c_str(),
                     O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    ::flock(file_, LOCK_EX);
  }
  build_lock(const build_lock&) = delete;
  build_lock& operator=(const build_lock&) = delete;
  ~build_lock() { ::close(file_); }

 private:
  int file_;
};

/// The files that a command reads from the shared directory by a name
/// relative to it.
std::set<std::string> shared_inputs(const fs::path& build,
                                    const std::string& command) {
  std::set<std::string> found;
  std::istringstream words(command);
  for (std::string word; words >> word;) {
    std::error_code failed;
    const bool is_path = word.find('/') != std::string::npos &&
                         !word.starts_with('/') &&
                         !word.starts_with('-');
    if (is_path && fs::is_regular_file(build / word, failed)) {
      found.insert(word);
    }
  }
  return found;
}

}  // namespace

void build_shared_parts(const workspace& where,
                        const std::vector<chapter>& labs) {
  fs::create_directories(where.build);
  const build_lock lock(where.build);  // CMake is not for two at a time
  configure(where, {});
  std::vector<std::string> command = {
      "cmake",   "--build", where.build.string(), "--target",
      "grading", "explore", "grading_precompiled"};
  for (const chapter& each : labs) {
    for (const step& one : each.steps) {
      for (const std::string& test : one.tests) {
        const std::string unit = test.substr(0, test.rfind('.'));
        if (is_shared(each, unit)) {
          command.push_back(target_of(each, unit));
        }
      }
    }
    const bool judges =
        read_text(where.tests(each.lab) / "chapter.json")
            .find("\"pools\"") != std::string::npos;
    if (judges) {
      command.push_back(each.lab + ".pools");
    }
  }
  const command_result done = run_command(command, where.root);
  if (done.status != 0) {
    throw problem("the workbook itself does not build: {}",
                  first_error(done.output, where.root, where.root));
  }
}

unit_builder::unit_builder(const workspace& where, const chapter& of,
                           const grading_area& area, const sandbox& in,
                           unsigned compiler_seconds)
    : where_(where),
      of_(of),
      area_(area),
      sandbox_(in),
      compiler_seconds_(compiler_seconds) {
  std::vector<std::string> command = {
      "ninja", "-C", where.build.string(), "-t", "commands"};
  std::set<std::string> units;
  for (const step& each : of.steps) {
    for (const std::string& test : each.tests) {
      units.insert(test.substr(0, test.rfind('.')));
    }
  }
  for (const std::string& unit : units) {
    command.push_back(target_of(of, unit));
  }
  const command_result listed = run_command(command, where.root);
  if (listed.status != 0) {
    throw problem("Ninja does not know the programs of {}: {}", of.lab,
                  trimmed(listed.output));
  }
  for (const std::string& line : lines_of(listed.output)) {
    for (const std::string& unit : units) {
      if (line.find("/" + target_of(of, unit) + ".dir/") !=
          std::string::npos) {
        commands_[unit].push_back(placed(line));
      }
    }
  }
}

/// The command as it is run for this submission.
std::string unit_builder::placed(std::string command) const {
  const std::string cache = "/ccache ";
  if (const auto at = command.find(cache); at != std::string::npos) {
    command.erase(0, at + cache.size());
  }
  const std::string root = where_.root.string();
  replace_all(command, root + "/labs/" + of_.lab,
              area_.lab(of_.lab).string());
  for (const std::string& other : of_.rests_on) {
    for (const std::string from : {"/labs/", "/solutions/"}) {
      replace_all(command, root + from + other,
                  area_.base(other).string());
    }
  }
  if (command.find(" -c ") != std::string::npos) {
    command += " -fmax-errors=10";
  }
  return command;
}

unit_result unit_builder::build(const std::string& unit,
                                const fs::path& hidden) const {
  const fs::path shared = where_.build / of_.lab / "labs" / unit;
  if (is_shared(of_, unit)) {
    return {shared, fs::exists(shared) ? "" : "it was not built",
            false};
  }
  const std::string relative = of_.lab + "/labs/" + unit;
  unit_result result;
  const auto known = commands_.find(unit);
  if (known == commands_.end()) {
    return {{}, "Ninja has no command for it", true};
  }
  for (std::string command : known->second) {
    if (!hidden.empty()) {
      replace_all(command,
                  (where_.tests(of_.lab) / (unit + ".cpp")).string(),
                  hidden.string());
    }
    result = run(command, hidden);
    if (!result.error.empty()) {
      return result;
    }
  }
  result.program = area_.out() / relative;
  if (!hidden.empty()) {
    const fs::path own = area_.out() / of_.lab / "labs" /
                         ("hidden_" + hidden.stem().string());
    fs::rename(result.program, own);
    result.program = own;
  }
  return result;
}

bounded_result unit_builder::run_confined(
    const std::string& command, const fs::path& hidden) const {
  const fs::path out = area_.out();
  confined_run run;
  run.readable = {where_.root / "tests" / "grading",
                  where_.root / "tests" / "explore",
                  where_.tests(of_.lab),
                  where_.build / "tests" / "grading",
                  where_.build / "tests" / "explore",
                  area_.root};
  if (!hidden.empty()) {
    run.readable.push_back(hidden.parent_path());
  }
  for (const std::string& each : shared_inputs(where_.build, command)) {
    std::error_code there;
    if (each.find(target_of(of_, "")) == std::string::npos) {
      fs::create_directories((out / each).parent_path());
      fs::create_symlink(where_.build / each, out / each, there);
      run.readable.push_back(where_.build / each);
    }
  }
  run.hidden = {where_.tests(of_.lab) / "mutants",
                where_.tests(of_.lab) / "alternatives"};
  run.writable = {out};
  run.folder = out;
  run.cpu_seconds = compiler_seconds_;
  run.data_mebibytes = compiler_mebibytes;
  child_request request;
  request.command = sandbox_.launcher(run);
  // The folders that CMake has made in its own directory.
  const std::string script =
      "for each; do mkdir -p \"$(dirname \"$each\")\"; done; " +
      command;
  request.command.insert(request.command.end(),
                         {"/bin/sh", "-c", script, "sh"});
  std::istringstream words(command);
  for (std::string word; words >> word;) {
    if (word == "-o" && words >> word) {
      std::erase(word, '\'');
      request.command.push_back(word);
    }
  }
  request.folder = out;
  request.environment = {{"LC_ALL", "C"}};
  return run_bounded(request, compiler_limits(compiler_seconds_));
}

std::optional<std::string> unit_builder::preprocess(
    const unit_command& unit) const {
  const fs::path output =
      area_.out() / "preprocessed" /
      fmt::format("{}.{}.ii", unit.target, unit.source.stem().string());
  unit_command here = unit;
  here.command = placed(unit.command);
  const bounded_result done =
      run_confined(preprocess_command(here, output), {});
  std::error_code missing;
  return done.stopped.empty() && done.status == 0 &&
                 fs::is_regular_file(output, missing)
             ? std::optional(read_text(output))
             : std::nullopt;
}

unit_result unit_builder::run(const std::string& command,
                              const fs::path& hidden) const {
  const bounded_result done = run_confined(command, hidden);
  if (done.stopped.empty() && done.status == 0) {
    return {};
  }
  unit_result result;
  result.infrastructure = done.infrastructure;
  if (!done.stopped.empty()) {
    result.error = "the compiler " + done.stopped;
  } else {
    result.error =
        first_error(done.output, area_.lab(of_.lab), area_.root);
  }
  if (result.error.empty()) {
    const auto lines = lines_of(done.output);
    result.error =
        fmt::format("the compiler ended with status {}{}", done.status,
                    lines.empty() ? "" : ": " + lines.back());
  }
  return result;
}

}  // namespace workbook
