// The ladder of hints of a step: each call climbs one rung.

#include "workbook/hints.hpp"

#include <algorithm>
#include <cstdlib>

#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

fs::path memory_of(const workspace& where, const chapter& of,
                   const std::string& step) {
  return where.root / "build" / "hints" / of.lab / step;
}

}  // namespace

std::vector<hint> read_hints(const workspace& where, const chapter& of,
                             const std::string& step) {
  if (of.place_of(step) == of.steps.size()) {
    throw problem("chapter {} has no step {}; its steps are {}", of.lab,
                  step, of.step_list());
  }
  const fs::path file =
      where.root / "book" / "hints" / of.lab / (step + ".md");
  if (!fs::exists(file)) {
    throw problem("{}: is not there: step {} has no hints",
                  where.shown(file), step);
  }
  std::vector<hint> hints;
  for (const std::string& line : lines_of(read_text(file))) {
    if (line.starts_with("## ")) {
      hints.push_back({line.substr(3), {}});
    } else if (!hints.empty()) {
      hints.back().text += line + "\n";
    }
  }
  if (hints.empty()) {
    throw problem(
        "{}: has no hint; one begins with a line "
        "\"## title\"",
        where.shown(file));
  }
  return hints;
}

std::size_t hints_seen(const workspace& where, const chapter& of,
                       const std::string& step) {
  const fs::path file = memory_of(where, of, step);
  if (!fs::exists(file)) {
    return 0;
  }
  const long seen = std::strtol(read_text(file).c_str(), nullptr, 10);
  return static_cast<std::size_t>(std::max(0L, seen));
}

void remember_hints(const workspace& where, const chapter& of,
                    const std::string& step, std::size_t seen) {
  write_text(memory_of(where, of, step), std::to_string(seen) + "\n");
}

}  // namespace workbook
