// Grades a lab: builds its tests, runs each, and records the verdicts.
//
// Book: appendix "How your work is graded".

#pragma once

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
};

/// Grades the tests that are wanted; the others keep what the last
/// record says of them. Does not write the record. Throws problem if
/// grading cannot be done.
record grade(const workspace& where, const chapter& of,
             const grade_request& wanted,
             const pipeline_listener& listener);

}  // namespace workbook
