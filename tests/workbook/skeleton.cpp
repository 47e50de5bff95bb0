// What a reader has before she begins, and after each step.

#include "workbook/skeleton.hpp"

#include <algorithm>

#include "workbook/problem.hpp"
#include "workbook/regions.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

/// How many steps are done; 0 for the skeleton. A region or a stub
/// counts as reached once its step is among them.
struct progress {
  const chapter& of;
  std::size_t done;

  [[nodiscard]] bool reached(const std::string& step) const {
    return of.place_of(step) < done;
  }
};

std::string comment_of(const std::string& text) {
  const std::size_t start = text.find_first_not_of(' ');
  if (start == std::string::npos) {
    return text;
  }
  return text.substr(0, start) + "// " + text.substr(start);
}

/// The skeleton names the stubs that will serve later, as comments.
void add_later_stubs(const piece& region, std::string& text) {
  std::string last;
  for (const stub_line& stub : region.stubs) {
    if (stub.from.empty() || stub.bare) {
      continue;
    }
    if (stub.from != last) {
      const std::size_t indent = stub.text.find_first_not_of(' ');
      text.append(indent == std::string::npos ? 0 : indent, ' ');
      text += "// Serves from step " + stub.from + " on:\n";
      last = stub.from;
    }
    text += comment_of(stub.text) + "\n";
  }
}

/// The step of the stub that serves now: the latest one reached.
std::string serving(const piece& region, const progress& now) {
  std::string latest;
  for (const stub_line& stub : region.stubs) {
    const bool later = latest.empty() || now.of.place_of(stub.from) >
                                             now.of.place_of(latest);
    if (!stub.from.empty() && now.reached(stub.from) && later) {
      latest = stub.from;
    }
  }
  return latest;
}

void add_piece(const piece& each, const progress& now,
               std::string& text) {
  if (each.step.empty() || now.reached(each.step)) {
    for (const std::string& line : each.lines) {
      text += line + "\n";
    }
  }
  if (!each.step.empty() && now.reached(each.step)) {
    return;
  }
  const std::string from = serving(each, now);
  for (const stub_line& stub : each.stubs) {
    if (stub.from == from && !stub.bare) {
      text += stub.text + "\n";
    }
  }
  if (now.done == 0) {
    add_later_stubs(each, text);
  }
}

/// Two blank lines in a row are what an empty stub leaves behind.
std::string without_gaps(const std::string& text) {
  std::string kept;
  bool blank = true;
  for (const std::string& line : lines_of(text)) {
    const bool now_blank = trimmed(line).empty();
    if (!(blank && now_blank)) {
      kept += line + "\n";
    }
    blank = now_blank;
  }
  return kept;
}

std::size_t steps_done(const chapter& of, const std::string& done) {
  if (done == "0") {
    return 0;
  }
  const std::size_t place = of.place_of(done);
  if (place == of.steps.size()) {
    throw problem(
        "chapter {} declares no step {}; its steps are 0 "
        "(the skeleton), {}",
        of.lab, done, of.step_list());
  }
  return place + 1;
}

/// A step's own file may be missing as long as its tests are, too:
/// the chapter is being written.
bool is_expected(const chapter& of, const std::string& name,
                 const workspace& where) {
  for (const step& each : of.steps) {
    for (const std::string& test : each.tests) {
      if (each.file == name &&
          !std::filesystem::exists(where.tests(of.lab) / test)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

file_set skeleton(const chapter& of,
                  const std::filesystem::path& sources,
                  const std::string& done, const workspace& shown_in) {
  const progress now{of, steps_done(of, done)};
  file_set files;
  known_regions known;
  std::string faults;
  for (const std::string& name : of.all_files()) {
    const std::filesystem::path file = sources / name;
    const std::string shown = shown_in.shown(file);
    if (!std::filesystem::exists(file)) {
      if (!is_expected(of, name, shown_in)) {
        continue;
      }
      faults += fmt::format(
          "{}: is not there; chapter.json of {} "
          "names it\n",
          shown, of.lab);
      continue;
    }
    const marked_source source = cut(read_text(file), shown, of, known);
    for (const std::string& fault : source.faults) {
      faults += fault + "\n";
    }
    std::string text;
    for (const piece& each : source.pieces) {
      add_piece(each, now, text);
    }
    files[name] = without_gaps(text);
  }
  if (!faults.empty()) {
    faults.pop_back();
    throw problem("{}", faults);
  }
  return files;
}

void write_files(const file_set& files,
                 const std::filesystem::path& folder) {
  for (const auto& [name, text] : files) {
    write_text(folder / name, text);
  }
}

}  // namespace workbook
