// Which steps of a lab nobody has begun to write.

#include "workbook/begun_steps.hpp"

#include <filesystem>

#include "workbook/problem.hpp"
#include "workbook/skeleton.hpp"
#include "workbook/text_file.hpp"
#include "workbook/tokens.hpp"

namespace workbook {

namespace {

file_set files_of_lab(const chapter& of,
                      const std::filesystem::path& folder) {
  file_set files;
  for (const std::string& name : of.all_files()) {
    files[name] = std::filesystem::exists(folder / name)
                      ? read_text(folder / name)
                      : "";
  }
  return files;
}

/// How often `files` name the step in a call of todo().
std::size_t calls_of_todo(const file_set& files,
                          const std::string& step) {
  const std::string call = "(\"" + step + "\"";
  std::size_t count = 0;
  for (const auto& [name, source] : files) {
    const std::string text = without_comments(source);
    for (std::size_t found = text.find(call);
         found != std::string::npos;
         found = text.find(call, found + 1)) {
      ++count;
    }
  }
  return count;
}

}  // namespace

begun_steps::begun_steps(const workspace& where, const chapter& of,
                         const variant& judged) {
  if (judged.what != variant::kind::lab) {
    return;
  }
  try {
    const file_set skeleton_files =
        skeleton(of, where.root / "solutions" / of.lab, "0", where);
    const file_set lab = files_of_lab(of, judged.sources(where, of));
    for (const step& each : of.steps) {
      const std::size_t calls = calls_of_todo(skeleton_files, each.id);
      const bool own_file = of.judges_no_sources(each.id);
      const bool same =
          own_file ? lab.at(each.file) == skeleton_files.at(each.file)
                   : calls > 0 && calls_of_todo(lab, each.id) == calls;
      if (same) {
        untouched_.insert(each.id);
      }
    }
  } catch (const problem&) {
    untouched_
        .clear();  // without solutions/ every step counts as begun
  }
}

}  // namespace workbook
