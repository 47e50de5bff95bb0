// What a grading looks like on a terminal of 80 columns.
//
// Book: appendix "How your work is graded".

#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "workbook/chapter.hpp"
#include "workbook/record.hpp"
#include "workbook/screen.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// The whole report: steps, failures, the next step.
std::string report_text(const workspace& where, const chapter& of,
                        const record& graded, const screen& look);

/// One line a step: title, bar, points; and the head above them.
std::string steps_text(const chapter& of, const record& graded,
                       const screen& look);

/// The first step whose points are not all won, bonus steps last.
const step* next_step(const chapter& of, const record& graded);

/// Where to write it, how long it may take, where a hint is.
std::string next_step_text(const workspace& where, const chapter& of,
                           const record& graded, const screen& look);

/// Shows how far a grading is while it runs: one moving line on a
/// terminal, a line a verdict elsewhere.
class live_progress {
 public:
  live_progress(std::size_t tests, const screen& look)
      : tests_(tests), look_(look) {}

  void activity(const std::string& doing);
  void verdict(const graded_test& test, const outcome& result);
  /// Takes the moving line away.
  void finish() const { look_.show_in_place(""); }

 private:
  void draw() const;

  std::size_t tests_;
  const screen& look_;
  std::size_t done_ = 0;
  std::size_t passed_ = 0;
  std::string doing_;
};

}  // namespace workbook
