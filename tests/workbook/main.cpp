// The workbook's own program: grades labs, cuts skeletons, shows
// hints, and checks the graders themselves.
//
// Book: appendix "How your work is graded".

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "workbook/commands.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"

namespace {

constexpr int cannot_be_done = 2;

void declare(workbook::command_line& line) {
  line.program.require_subcommand(1);
  line.program.fallthrough();
  line.program.add_option("--root", line.where.root,
                          "the folder of the workbook");
  line.program.add_option("--build", line.where.build,
                          "the CMake build directory");
  workbook::add_grade_commands(line);
  workbook::add_reader_commands(line);
  workbook::add_skeleton_commands(line);
  workbook::add_watch_command(line);
  workbook::add_matrix_commands(line);
  workbook::add_try_command(line);
  workbook::add_mutate_command(line);
  workbook::add_submission_command(line);
  workbook::add_contracts_command(line);
}

/// What is wrong with the command line, in the words of `make`: the
/// reader has typed LAB=…, not --lab.
std::string words_of_make(const CLI::App* /*program*/,
                          const CLI::Error& error) {
  std::string words = error.what();
  for (const char* name : {"lab", "step", "variant", "base", "case",
                           "seed", "minutes", "patch", "count"}) {
    std::string variable = name;
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](unsigned char each) {
                     return static_cast<char>(std::toupper(each));
                   });
    const std::string option = std::string("--") + name;
    for (std::size_t found = words.find(option);
         found != std::string::npos; found = words.find(option)) {
      words.replace(found, option.size(), variable);
    }
  }
  return "workbook: " + words + "; `make help` lists what there is\n";
}

void make_absolute(workbook::workspace& where) {
  where.root = std::filesystem::absolute(where.root);
  where.build = std::filesystem::absolute(where.build);
}

/// CLI11 only says that some command is required.
void refuse_unknown_command(const CLI::App& program, int count,
                            char** words) {
  const std::string first = count > 1 ? words[1] : "-";
  std::string names;
  for (const CLI::App* each : program.get_subcommands({})) {
    if (each->get_name() == first) {
      return;
    }
    names += (names.empty() ? "" : ", ") + each->get_name();
  }
  if (!first.starts_with('-') && program.get_subcommands().empty()) {
    throw workbook::problem(
        "there is no command \"{}\"; the commands are: {}", first,
        names);
  }
}

int run(int count, char** words) {
  workbook::command_line line;
  line.where.root = WORKBOOK_SOURCE_DIR;
  line.where.build = WORKBOOK_BINARY_DIR;
  declare(line);
  line.program.failure_message(words_of_make);
  try {
    line.program.parse(count, words);
  } catch (const CLI::ParseError& error) {
    refuse_unknown_command(line.program, count, words);
    const int status = line.program.exit(error);
    return status == 0 ? 0 : cannot_be_done;
  }
  make_absolute(line.where);
  return line.chosen();
}

}  // namespace

int main(int count, char** words) {
  // A pager that was closed ends the output, not the program's duty.
  std::signal(SIGPIPE, SIG_IGN);
  workbook::catch_interrupts();
  try {
    return run(count, words);
  } catch (const workbook::problem& trouble) {
    fmt::print(stderr, "workbook: {}\n", trouble.what());
  } catch (const std::exception& trouble) {
    fmt::print(stderr, "workbook: a fault of its own: {}\n",
               trouble.what());
  }
  return cannot_be_done;
}
