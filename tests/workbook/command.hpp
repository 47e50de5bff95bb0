// Runs another program (cmake, git, patch, gdb) to its end.

#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "workbook/child.hpp"

namespace workbook {

/// How a program ended and what it printed (out and err together).
struct command_result {
  int status = 0;  // exit status; 128 + signal if one ended it
  std::string output;
};

/// Called with each line as it comes, without its end.
using line_sink = std::function<void(std::string_view line)>;

/// Runs the program and waits for its end. When the reader interrupts,
/// the program is killed. Throws problem if it cannot be started.
command_result run_command(const child_request& wanted,
                           const line_sink& on_line = {});

/// The same for a plain command line in `folder`.
command_result run_command(std::vector<std::string> command,
                           std::filesystem::path folder);

/// Whether a program of that name is in PATH.
bool is_installed(const std::string& program);

}  // namespace workbook
