// The graded tests of a chapter, read from their sources as text.
//
// So the list, the steps and the points are known even when nothing
// compiles, and a test that does not report still counts.
//
// Book: appendix "How your work is graded".

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// One GRADED, EXPLORED or BREAKS test as its source declares it.
struct graded_test {
  std::string suite;
  std::string name;     // unique in the chapter
  std::string id;       // "01.name"
  std::string step;     // "1.3"
  std::string kind;     // "native" or "explored"
  std::string promise;  // as the source says it; "" if it does not
  std::string file;     // "step_1.cpp"
  std::size_t line = 0;
  int points = 0;
  bool bonus = false;
  /// How many schedules an explored test asks for, or, where it asks
  /// for all with so many preemptions, how many; -1 if it does not.
  int schedules = -1;
  int exhaustive = -1;

  /// What GoogleTest calls it.
  [[nodiscard]] std::string full_name() const {
    return suite + "." + name;
  }
  /// Its translation unit, which is also a program: "step_1".
  [[nodiscard]] std::string unit() const {
    return file.substr(0, file.rfind('.'));
  }
  /// Its program where all step_*.cpp of a variant are built as one.
  [[nodiscard]] std::string unit_together() const {
    return file.starts_with("step_") ? "together" : unit();
  }
};

/// The tests in `text`, in order. Faults are added to `faults`.
std::vector<graded_test> scan_tests(const std::string& text,
                                    const std::string& shown_as,
                                    std::vector<std::string>& faults);

/// All tests of a chapter, in the order of its steps and files. Throws
/// problem that lists every fault: a malformed macro, a test name
/// twice, a step that the chapter does not declare or that another
/// file is for, a file that is missing, points that do not add up to
/// 100.
std::vector<graded_test> list_tests(const workspace& where,
                                    const chapter& of);

}  // namespace workbook
