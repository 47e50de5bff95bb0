// Builds test programs with CMake and tells which are there as soon as
// they are.

#include "workbook/build.hpp"

#include "workbook/build_output.hpp"
#include "workbook/command.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// The value of a cache entry, or "" where there is no such entry.
std::string cached(const std::string& cache, const std::string& name) {
  for (const std::string& line : lines_of(cache)) {
    if (line.starts_with(name + ":")) {
      return line.substr(line.find('=') + 1);
    }
  }
  return {};
}

bool uses_ninja(const workspace& where) {
  const std::string cache = read_text(where.build / "CMakeCache.txt");
  return cached(cache, "CMAKE_GENERATOR") == "Ninja";
}

child_request request_for(const workspace& where,
                          const std::vector<test_program>& wanted,
                          unsigned jobs, bool ninja) {
  child_request request;
  request.command = {"cmake",
                     "--build",
                     where.build.string(),
                     "--parallel",
                     std::to_string(jobs),
                     "--target"};
  for (const test_program& program : wanted) {
    request.command.push_back(program.target());
  }
  const std::vector<std::string> keep_going =
      ninja ? std::vector<std::string>{"--", "-k", "0"}
            : std::vector<std::string>{"--", "-k", "-Otarget"};
  request.command.insert(request.command.end(), keep_going.begin(),
                         keep_going.end());
  request.environment = {{"LC_ALL", "C"}, {"NINJA_STATUS", "[%f/%t] "}};
  return request;
}

}  // namespace

void configure(const workspace& where,
               const std::vector<std::string>& entries) {
  const fs::path file = where.build / "CMakeCache.txt";
  const bool there = fs::exists(file);
  const std::string cache = there ? read_text(file) : "";
  std::vector<std::string> command = {
      "cmake", "-S", where.root.string(), "-B", where.build.string()};
  bool needed = !there;
  if (!there && is_installed("ninja")) {
    command.insert(command.end(), {"-G", "Ninja"});
  }
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.find('=');
    needed = needed || cached(cache, entry.substr(0, equals)) !=
                           entry.substr(equals + 1);
    command.push_back("-D" + entry);
  }
  if (!needed) {
    return;
  }
  const command_result done = run_command(command, where.root);
  if (done.status != 0 && !interrupted()) {
    throw problem("CMake cannot configure {}:\n{}",
                  where.shown(where.build), trimmed(done.output));
  }
}

std::string runtime_of(const workspace& where) {
  const fs::path file = where.build / "CMakeCache.txt";
  const std::string runtime =
      fs::exists(file) ? cached(read_text(file), "WORKBOOK_RUNS_ON")
                       : "";
  return runtime.empty() ? "explore" : runtime;
}

void build_programs(const workspace& where,
                    const std::vector<test_program>& wanted,
                    unsigned jobs, const program_sink& on_built) {
  if (wanted.empty()) {
    return;
  }
  const bool ninja = uses_ninja(where);
  build_output output(where, wanted, ninja, on_built);
  const command_result done =
      run_command(request_for(where, wanted, jobs, ninja),
                  [&](std::string_view line) { output.take(line); });
  output.finish(done.status);
}

}  // namespace workbook
