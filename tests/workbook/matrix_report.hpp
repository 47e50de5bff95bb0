// What a check of the graders looks like on a terminal.

#pragma once

#include <functional>
#include <string>

#include "workbook/matrix.hpp"
#include "workbook/screen.hpp"

namespace workbook {

/// The table, a line a row, wrongs below; last "N of N …".
std::string table_text(const matrix_table& table, const screen& look);

/// The rows that are wrong, and the last line.
std::string short_table_text(const matrix_table& table,
                             const screen& look);

/// The last line of a table.
std::string last_line(const matrix_table& table);

/// Runs `check` with a listener that shows a progress bar, or `part` in
/// its place where the check is a part of something longer.
matrix_table with_progress(
    const screen& look,
    const std::function<matrix_table(const pipeline_listener&)>& check,
    const std::string& part = "");

}  // namespace workbook
