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

/// What a report has room for, and has shown already.
struct report_form {
  std::size_t rows = 0;    // of the screen; 0: as many as it takes
  std::string shown = {};  // the test whose failure was shown in full
};

/// The whole report: failures first, then steps, score, the next step,
/// so that what matters now is last on the screen. With few rows the
/// table of the steps is left out and a long failure is cut.
std::string report_text(const workspace& where, const chapter& of,
                        const record& graded, const screen& look,
                        const report_form& form = {});

/// One line a step: title, bar, points; and the head above them.
std::string steps_text(const chapter& of, const record& graded,
                       const screen& look);

/// The first step whose points are not all won, bonus steps last.
const step* next_step(const chapter& of, const record& graded);

/// The chapter of the book, where to write, which test fails, where a
/// hint is.
std::string next_step_text(const workspace& where, const chapter& of,
                           const record& graded, const screen& look);

/// "build/book/html/ch_pooling.html#s_1_1", or, where that is not built
/// yet, the command that builds it.
std::string place_in_book(const workspace& where, const chapter& of,
                          const std::string& step);

/// Shows how far a grading is while it runs: one moving line on a
/// terminal, nothing elsewhere.
class live_progress {
 public:
  explicit live_progress(const screen& look) : look_(look) {}

  /// So many more tests are going to be run.
  void expect(std::size_t tests) { tests_ += tests; }
  void activity(const std::string& doing);
  void verdict(const outcome& result);
  /// Takes the moving line away.
  void finish() const { look_.show_in_place(""); }

 private:
  void draw() const;

  const screen& look_;
  std::size_t tests_ = 0;
  std::size_t done_ = 0;
  std::size_t passed_ = 0;
  std::string doing_;
};

}  // namespace workbook
