// One grading as a reader sees it: progress while it runs, the record
// written, the report shown.

#pragma once

#include <optional>

#include "workbook/grade.hpp"
#include "workbook/record.hpp"
#include "workbook/screen.hpp"

namespace workbook {

/// Grades with progress on the screen and writes the record; empty if
/// the reader interrupted, then the record is as it was.
std::optional<record> grade_on_screen(const workspace& where,
                                      const chapter& of,
                                      const grade_request& wanted,
                                      const screen& look,
                                      const step_sink& on_step = {});

/// Whether some test could not be run, through nobody's code.
bool has_infrastructure(const record& result);

/// Whether the record of labs/ is missing, or some test was not run
/// since what it depends on changed.
bool is_stale(const workspace& where, const chapter& of);

/// Whether the record of labs/ is of the code as it is, and gives full
/// marks.
bool is_done(const workspace& where, const chapter& of);

}  // namespace workbook
