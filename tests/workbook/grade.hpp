// Grades a lab: builds its tests, runs each, and records the verdicts.
//
// Book: appendix "How your work is graded".

#pragma once

#include <functional>
#include <string>

#include "workbook/chapter.hpp"
#include "workbook/pipeline.hpp"
#include "workbook/record.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

struct grade_request {
  std::string variant = "labs";
  std::string base = "labs";  // whose earlier labs it rests on
  std::string step;           // "" for all
  unsigned cores = 2;
  /// Whether every test is built and run, whatever the last record
  /// says. A machine that grades wants that; a reader waits for it.
  bool fresh = true;
};

/// Called with the verdicts on the step at hand, before the others are
/// run: the step that was asked for, or the first that is not done.
using step_sink = std::function<void(const record&)>;

/// Grades what is asked for. With a step, its tests are run; once all
/// pass, the others that the last change may have broken run too. A
/// test that is not run keeps a verdict that is still true, or is "not
/// run since your last change". Unless `fresh`, a test whose sources
/// did not change is not run again, nor one of a step that is not
/// begun. Does not write the record. Throws problem if grading cannot
/// be done.
record grade(const workspace& where, const chapter& of,
             const grade_request& wanted,
             const pipeline_listener& listener,
             const step_sink& on_step = {});

}  // namespace workbook
