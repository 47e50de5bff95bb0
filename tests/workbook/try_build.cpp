// Compiles and links a lab's tests with other sources, by the commands
// with which CMake builds them for the reference.

#include "workbook/try_build.hpp"

#include <fmt/format.h>

#include <regex>

#include "workbook/command.hpp"
#include "workbook/compile_commands.hpp"
#include "workbook/compiler_output.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// The command that links a target.
std::string link_command(const workspace& where,
                         const std::string& target) {
  const fs::path script = where.build / "tests" / "CMakeFiles" /
                          (target + ".dir") / "link.txt";
  std::string commands;
  if (fs::exists(script)) {  // Makefiles; paths are seen from tests/
    return "cd tests && " + read_text(script);
  }
  const command_result done = run_command(
      {"ninja", "-C", where.build.string(), "-t", "commands", target},
      where.root);
  const auto lines = lines_of(done.output);
  if (done.status != 0 || lines.empty()) {
    throw problem("ninja has no command for {}:\n{}", target,
                  trimmed(done.output));
  }
  return lines.back();
}

command_result run_shell(const workspace& where,
                         const std::string& command) {
  child_request request;
  request.command = {"sh", "-c", command};
  request.folder = where.build;
  request.environment = {{"LC_ALL", "C"}};
  return run_command(request);
}

}  // namespace

void build_what_tests_share(const workspace& where) {
  const command_result done =
      run_command({"cmake", "--build", where.build.string(), "--target",
                   "grading", "explore", "grading_precompiled"},
                  where.root);
  if (done.status != 0) {
    throw problem("the tests do not build:\n{}", trimmed(done.output));
  }
}

std::map<std::string, std::string> guilty_in(
    const std::string& output) {
  static const std::regex place(R"(try:([^:\s]+):\d+)");
  std::map<std::string, std::string> named;
  std::map<std::string, std::string> mentioned;
  for (const std::string& line : lines_of(without_colours(output))) {
    std::smatch found;
    if (std::regex_search(line, found, place)) {
      mentioned.emplace(found[1], "");
      if (line.find(" error: ") != std::string::npos) {
        named.emplace(found[1], line);
      }
    }
  }
  return named.empty() ? mentioned : named;
}

void build_tried(const workspace& where, const chapter& of,
                 try_program& wanted) {
  const std::string target = of.lab + ".solutions." + wanted.unit;
  const fs::path folder =
      where.root / "build" / "try" / of.lab / wanted.name / wanted.unit;
  const fs::path sources = folder.parent_path() / "sources" / of.lab;
  for (const auto& [name, text] : wanted.files) {
    write_text(sources / name, text);
  }
  wanted.program = folder / "program";
  const auto adapted = [&](std::string command) {
    replace_all(command, (where.root / "solutions" / of.lab).string(),
                sources.string());
    replace_all(command, "tests/CMakeFiles/" + target + ".dir",
                (folder / "objects").string());
    replace_all(command, "CMakeFiles/" + target + ".dir",
                (folder / "objects").string());
    replace_all(command, of.lab + "/solutions/" + wanted.unit + " ",
                wanted.program.string() + " ");
    replace_all(command, " -g ", " -g1 ");
    if (!wanted.warnings_are_errors) {
      replace_all(command, " -Werror ", " -w ");
    }
    return command;
  };
  std::vector<std::string> commands;
  for (const unit_command& each : compile_commands(where, target)) {
    commands.push_back(adapted(each.command));
    const std::size_t at = commands.back().find(" -o ") + 4;
    const std::string object =
        commands.back().substr(at, commands.back().find(' ', at) - at);
    fs::create_directories((where.build / object).parent_path());
  }
  commands.push_back(adapted(link_command(where, target)));
  for (const std::string& each : commands) {
    const command_result done = run_shell(where, each);
    if (done.status != 0) {
      wanted.error = first_error(done.output, sources, where.root);
      if (wanted.error.empty()) {
        wanted.error = std::string(trimmed(done.output));
      }
      wanted.guilty = guilty_in(done.output);
      return;
    }
  }
}

}  // namespace workbook
