// The wrong solutions that `workbook try` is given, as folders of files.

#include "workbook/try_sources.hpp"

#include <algorithm>
#include <regex>
#include <set>

#include "workbook/command.hpp"
#include "workbook/problem.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"
#include "workbook/try_merge.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

using files = std::map<std::string, std::string>;

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// What `patch` says, in one line.
std::string why_refused(const std::string& output) {
  static const std::regex telling(
      "FAILED|malformed|find file|garbage|unexpected|Skip|reversed",
      std::regex::icase);
  for (const std::string& line : lines_of(output)) {
    if (std::regex_search(line, telling)) {
      return line;
    }
  }
  return std::string(trimmed(output.substr(0, output.find('\n'))));
}

/// The reference with `patch`. A path in it may begin anywhere before
/// the lab's name, as `git diff` and `diff -u` write it.
files patched(const workspace& where, const chapter& of,
              const files& reference, const fs::path& patch) {
  const scratch folder;
  const fs::path lab = folder.path() / of.lab;
  for (const auto& [name, text] : reference) {
    write_text(lab / name, text);
  }
  const std::string text = read_text(patch);
  static const std::regex target(R"((?:^|\n)\+\+\+ ([^\t\n]*))");
  std::smatch found;
  if (!std::regex_search(text, found, target)) {
    throw problem("{}: is no patch; a line \"+++ b/{}/{}\" is expected",
                  where.shown(patch), of.lab, of.files.front());
  }
  const std::string path = found[1];
  const std::size_t at = path.find(of.lab + "/");
  if (at == std::string::npos) {
    throw problem("{}: changes {}, which is no file of {}",
                  where.shown(patch), path, of.lab);
  }
  const auto strip =
      std::count(path.begin(),
                 path.begin() + static_cast<std::ptrdiff_t>(at), '/');
  const command_result done = run_command(
      {"patch", "-p" + std::to_string(strip), "--force",
       "--no-backup-if-mismatch", "--input=" + patch.string()},
      folder.path());
  if (done.status != 0) {
    throw problem("{}: does not apply to the solutions: {}",
                  where.shown(patch), why_refused(done.output));
  }
  files result;
  for (const auto& [name, unused] : reference) {
    result[name] = read_text(lab / name);
  }
  return result;
}

/// The reference with the files that `folder` has.
files replaced(const workspace& where, files reference,
               const fs::path& folder) {
  for (const fs::path& file : entries_of(folder)) {
    const std::string name = file.filename().string();
    if (file.extension() == ".schedule") {
      continue;
    }
    if (!fs::is_regular_file(file)) {
      throw problem("{}: a folder within a solution is not expected",
                    where.shown(file));
    }
    reference[name] = read_text(file);
  }
  return reference;
}

bool holds_sources(const fs::path& folder, const files& reference) {
  const auto all = entries_of(folder);
  return std::any_of(all.begin(), all.end(), [&](const fs::path& each) {
    return reference.contains(each.filename().string());
  });
}

/// Adds the steps in whose regions `lines` has what `others` has not.
void add_changed(std::vector<std::string>& steps,
                 const std::vector<std::string>& lines,
                 const std::vector<std::string>& others) {
  static const std::regex marker(R"(^\s*// \[(\d+\.\d+) [^\]]*\]\s*$)");
  const std::set<std::string> known(others.begin(), others.end());
  std::string inside;
  for (const std::string& line : lines) {
    std::smatch found;
    if (std::regex_match(line, found, marker)) {
      inside = inside.empty() ? found[1].str() : "";
    } else if (!inside.empty() && !known.contains(line) &&
               std::find(steps.begin(), steps.end(), inside) ==
                   steps.end()) {
      steps.push_back(inside);
    }
  }
}

}  // namespace

wrong_solution described(const std::string& name, files own,
                         const files& reference) {
  wrong_solution wrong{0, name, std::move(own), {}, true};
  for (const auto& [file, text] : wrong.files) {
    const auto ours = reference.find(file);
    if (ours == reference.end()) {
      wrong.mergeable = false;
    } else if (ours->second != text) {
      const bool header = file.ends_with(".hpp");
      wrong.mergeable =
          wrong.mergeable && header &&
          differ_in_bodies_only(cut_at_bodies(ours->second),
                                cut_at_bodies(text));
      add_changed(wrong.likely, lines_of(ours->second), lines_of(text));
      add_changed(wrong.likely, lines_of(text), lines_of(ours->second));
    }
  }
  if (wrong.files == reference) {
    throw problem("{}: changes nothing", name);
  }
  return wrong;
}

std::map<std::string, std::string> reference_files(
    const workspace& where, const chapter& of) {
  files all;
  for (const std::string& name : of.files) {
    all[name] = read_text(where.root / "solutions" / of.lab / name);
  }
  return all;
}

std::vector<wrong_solution> wrong_solutions(const workspace& where,
                                            const chapter& of,
                                            const fs::path& from) {
  if (!fs::exists(from)) {
    throw problem("{}: is not there; PATCH takes a patch or a folder",
                  where.shown(from));
  }
  const files reference = reference_files(where, of);
  std::vector<wrong_solution> all;
  const auto add = [&](const fs::path& path, files own) {
    all.push_back(
        described(path.stem().string(), std::move(own), reference));
    all.back().number = static_cast<int>(all.size());
  };
  if (fs::is_regular_file(from)) {
    add(from, patched(where, of, reference, from));
  } else if (holds_sources(from, reference)) {
    add(from, replaced(where, reference, from));
  } else {
    for (const fs::path& each : entries_of(from)) {
      if (each.extension() == ".patch" || each.extension() == ".diff") {
        add(each, patched(where, of, reference, each));
      } else if (fs::is_directory(each) &&
                 holds_sources(each, reference)) {
        add(each, replaced(where, reference, each));
      }
    }
  }
  if (all.empty()) {
    throw problem("{}: holds no patch and no folder with files of {}",
                  where.shown(from), of.lab);
  }
  return all;
}

}  // namespace workbook
