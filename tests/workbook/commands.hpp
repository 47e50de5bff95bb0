// The commands of the program, each declared by the file it lives in.
//
// Each adds its subcommand to `program`; when the reader asked for it,
// its action runs and returns the exit status: 0 it worked, 1 what was
// asked about is not as it should be, 2 it could not be done.

#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

using action = std::function<int()>;

/// Adds commands; remembers what the chosen one does.
struct command_line {
  CLI::App program{"The workbook's own program."};
  workspace where;
  action chosen;

  /// A subcommand that runs `act` when chosen.
  CLI::App* add(const std::string& name, const std::string& purpose,
                action act) {
    CLI::App* command = program.add_subcommand(name, purpose);
    command->callback([this, act = std::move(act)] { chosen = act; });
    return command;
  }
};

void add_skeleton_commands(command_line& to);  // skeleton, labs, reset
void add_grade_commands(command_line& to);     // grade, board
void add_reader_commands(command_line& to);    // hint, replay, …
void add_watch_command(command_line& to);
void add_submission_command(command_line& to);
void add_matrix_commands(command_line& to);  // steps, mutants, …
void add_try_command(command_line& to);
void add_mutate_command(command_line& to);
void add_contracts_command(command_line& to);

/// The chapter of a lab, which may be written as the reader likes.
chapter chapter_of(const workspace& where, const std::string& lab);

/// That one, or all if `lab` is empty.
std::vector<chapter> chapters(const workspace& where,
                              const std::string& lab);

}  // namespace workbook
