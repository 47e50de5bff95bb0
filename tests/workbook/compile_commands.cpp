// How CMake compiles a target, and what its preprocessor would say.

#include "workbook/compile_commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "workbook/command.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

void replace_all(std::string& text, const std::string& from,
                 const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::vector<unit_command> compile_commands(const workspace& where,
                                           const std::string& target) {
  const fs::path file = where.build / "compile_commands.json";
  std::vector<unit_command> commands;
  const std::string objects = "/" + target + ".dir/";
  for (const auto& each : nlohmann::json::parse(read_text(file))) {
    const std::string command = each.at("command");
    if (command.find(objects) != std::string::npos) {
      commands.push_back(
          {target, command, each.at("file").get<std::string>()});
    }
  }
  if (commands.empty()) {
    throw problem("{}: has no command for {}", where.shown(file),
                  target);
  }
  return commands;
}

std::string preprocess_command(const unit_command& unit,
                               const fs::path& output) {
  std::string command = unit.command;
  const std::size_t from = command.find(" -o ");
  const std::size_t to = command.find(" -c ", from);
  if (from == std::string::npos || to == std::string::npos) {
    throw problem("{}: is not compiled with -o and -c: {}", unit.target,
                  unit.command);
  }
  // GCC then only names a precompiled header, which it would otherwise
  // print; Clang does so anyway. GCC goes on after an #include that is
  // nested too deeply, and two of them make that exponential.
  const bool clang = command.find("clang") != std::string::npos;
  command.replace(
      from, to + 4 - from,
      fmt::format(" -o '{}' -w -E {}", output.string(),
                  clang ? "" : "-fmax-errors=1 -fpch-preprocess "));
  return command;
}

preprocessor plain_preprocessor(const workspace& where) {
  return [&where](
             const unit_command& unit) -> std::optional<std::string> {
    const fs::path output = where.build / "preprocessed" /
                            fmt::format("{}.{}.ii", unit.target,
                                        unit.source.stem().string());
    fs::create_directories(output.parent_path());
    child_request request;
    request.command = {"sh", "-c", preprocess_command(unit, output)};
    request.folder = where.build;
    request.environment = {{"LC_ALL", "C"}};
    request.cpu_seconds = 60;
    const command_result done = run_command(request);
    return done.status == 0 ? std::optional(read_text(output))
                            : std::nullopt;
  };
}

}  // namespace workbook
