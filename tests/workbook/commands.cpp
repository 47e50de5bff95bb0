// What several commands share: the chapters that were asked for.

#include "workbook/commands.hpp"

namespace workbook {

chapter chapter_of(const workspace& where, const std::string& lab) {
  return read_chapter(where.tests(where.find_lab(lab)) /
                      "chapter.json");
}

std::vector<chapter> chapters(const workspace& where,
                              const std::string& lab) {
  std::vector<chapter> all;
  if (!lab.empty()) {
    all.push_back(chapter_of(where, lab));
    return all;
  }
  for (const std::string& each : where.labs()) {
    all.push_back(chapter_of(where, each));
  }
  return all;
}

}  // namespace workbook
