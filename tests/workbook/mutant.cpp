// A wrong solution: a patch with a head that says which test must
// catch it.

#include "workbook/mutant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "workbook/command.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// The value of "Fault: …" in the lines before the first blank one.
std::string head_line(const std::vector<std::string>& lines,
                      const std::string& name,
                      const std::string& shown) {
  for (const std::string& line : lines) {
    if (trimmed(line).empty()) {
      break;
    }
    if (line.starts_with(name + ":")) {
      const auto value =
          trimmed(std::string_view(line).substr(name.size() + 1));
      if (!value.empty()) {
        return std::string(value);
      }
    }
  }
  throw problem("{}: its head has no line \"{}: …\"", shown, name);
}

/// Applies the patch to the files below `folder`; says why it cannot.
std::string apply(const mutant& wanted, const fs::path& folder) {
  const command_result done = run_command(
      {"patch", "-p1", "--fuzz=0", "--force", "--no-backup-if-mismatch",
       "--input=" + wanted.patch.string()},
      folder);
  if (done.status == 0) {
    return {};
  }
  std::string words;
  for (const std::string& line : lines_of(done.output)) {
    const bool says_why = line.find("FAILED") != std::string::npos ||
                          line.find("malformed") != std::string::npos ||
                          line.find("find file") != std::string::npos ||
                          line.find("garbage") != std::string::npos;
    if (says_why) {
      words += (words.empty() ? "" : "; ") + line;
    }
  }
  return words.empty() ? std::string(trimmed(done.output)) : words;
}

}  // namespace

mutant read_mutant(const workspace& where, const fs::path& patch) {
  const std::string shown = where.shown(patch);
  const auto lines = lines_of(read_text(patch));
  mutant read;
  read.name = patch.stem().string();
  read.patch = patch;
  read.fault = head_line(lines, "Fault", shown);
  read.seen_in = head_line(lines, "Seen-in", shown);
  std::istringstream names(head_line(lines, "Caught-by", shown));
  for (std::string name; names >> name;) {
    read.caught_by.push_back(name);
  }
  return read;
}

std::vector<fs::path> patches_of(const workspace& where,
                                 const chapter& of) {
  std::vector<fs::path> found;
  std::error_code none;
  const fs::path folder = where.tests(of.lab) / "mutants";
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".patch") {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string write_mutant(const workspace& where, const chapter& of,
                         const mutant& wanted, const fs::path& folder) {
  const fs::path solutions = where.root / "solutions" / of.lab;
  std::string all = read_text(wanted.patch);
  for (const std::string& name : of.files) {
    all += name + "\n" + read_text(solutions / name);
  }
  const std::string made_from =
      fmt::format("{:016x}\n", fingerprint(all));
  const fs::path stamp = folder.parent_path() / "made_from";
  if (fs::exists(stamp) && read_text(stamp) == made_from) {
    return {};
  }
  fs::remove_all(folder.parent_path());
  for (const std::string& name : of.files) {
    write_text(folder / name, read_text(solutions / name));
  }
  const std::string why = apply(wanted, folder.parent_path());
  if (why.empty()) {
    write_text(stamp, made_from);
  }
  return why;
}

}  // namespace workbook
