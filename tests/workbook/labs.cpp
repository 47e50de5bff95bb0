// The folder labs/: generated, then edited by the reader.

#include "workbook/labs.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <sstream>

#include "workbook/problem.hpp"
#include "workbook/skeleton.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// labs/.generated: "01_pooling/task_pool.hpp" to a fingerprint.
class generation {
 public:
  explicit generation(const workspace& where)
      : file_(where.root / "labs" / ".generated") {
    if (fs::exists(file_)) {
      for (const std::string& line : lines_of(read_text(file_))) {
        std::istringstream words(line);
        std::string mark;
        std::string name;
        if (words >> mark >> name && !mark.starts_with('#')) {
          marks_[name] = mark;
        }
      }
    }
  }

  /// Whether `text` is what the generator wrote last.
  [[nodiscard]] bool wrote(const std::string& name,
                           const std::string& text) const {
    const auto found = marks_.find(name);
    return found != marks_.end() && found->second == mark_of(text);
  }

  void note(const std::string& name, const std::string& text) {
    marks_[name] = mark_of(text);
  }

  void save() const {
    std::string text =
        "# What `make labs` wrote last. A file of another fingerprint "
        "is\n# a reader's work and is never overwritten.\n";
    for (const auto& [name, mark] : marks_) {
      text += mark + "  " + name + "\n";
    }
    write_text(file_, text);
  }

 private:
  static std::string mark_of(const std::string& text) {
    return fmt::format("{:016x}", fingerprint(text));
  }

  fs::path file_;
  std::map<std::string, std::string> marks_;
};

file_set skeleton_of(const workspace& where, const chapter& of) {
  return skeleton(of, where.root / "solutions" / of.lab, "0", where);
}

/// Writes one file of labs/, unless the reader edited it.
lab_file generate(const workspace& where, const std::string& key,
                  const std::string& text, generation& last) {
  const fs::path file = where.root / "labs" / key;
  const std::string shown = where.shown(file);
  const bool there = fs::exists(file);
  const std::string now = there ? read_text(file) : std::string();
  if (there && now != text && !last.wrote(key, now)) {
    return {shown, lab_file::state::edited};
  }
  last.note(key, text);
  if (there && now == text) {
    return {shown, lab_file::state::current};
  }
  write_text(file, text);
  return {shown, lab_file::state::written};
}

}  // namespace

std::vector<lab_file> generate_labs(const workspace& where,
                                    const std::vector<chapter>& of) {
  generation last(where);
  std::vector<lab_file> done;
  std::string faults;
  for (const chapter& each : of) {
    try {
      for (const auto& [name, text] : skeleton_of(where, each)) {
        done.push_back(
            generate(where, each.lab + "/" + name, text, last));
      }
    } catch (const problem& trouble) {
      faults +=
          (faults.empty() ? "" : "\n") + std::string(trouble.what());
    }
  }
  last.save();
  if (!faults.empty()) {
    throw problem("{}", faults);
  }
  return done;
}

std::vector<std::string> differing_labs(
    const workspace& where, const std::vector<chapter>& of) {
  std::vector<std::string> differing;
  for (const chapter& each : of) {
    for (const auto& [name, text] : skeleton_of(where, each)) {
      const fs::path file = where.root / "labs" / each.lab / name;
      if (!fs::exists(file) || read_text(file) != text) {
        differing.push_back(where.shown(file));
      }
    }
  }
  return differing;
}

std::optional<fs::file_time_type> last_change(const workspace& where,
                                              const chapter& of) {
  const generation last(where);
  std::optional<fs::file_time_type> latest;
  for (const std::string& name : of.all_files()) {
    const fs::path file = where.root / "labs" / of.lab / name;
    std::error_code failed;
    const auto changed = fs::last_write_time(file, failed);
    if (!failed && !last.wrote(of.lab + "/" + name, read_text(file))) {
      latest = std::max(latest.value_or(changed), changed);
    }
  }
  return latest;
}

fs::path reset_lab(const workspace& where, const chapter& of) {
  const std::string now = fmt::format(
      "{:%Y-%m-%d_%H-%M-%S}", fmt::localtime(std::time(nullptr)));
  const fs::path kept = where.root / "build" / "kept" / of.lab / now;
  bool any = false;
  generation last(where);
  for (const auto& [name, text] : skeleton_of(where, of)) {
    const fs::path file = where.root / "labs" / of.lab / name;
    if (fs::exists(file) && read_text(file) != text) {
      write_text(kept / name, read_text(file));
      any = true;
    }
    write_text(file, text);
    last.note(of.lab + "/" + name, text);
  }
  last.save();
  return any ? kept : fs::path();
}

}  // namespace workbook
