// All labs at a glance, and what to do next.

#pragma once

#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/house.hpp"
#include "workbook/screen.hpp"

namespace workbook {

/// A line a lab from its latest record, then the report of the first
/// lab that is not done.
std::string board_text(const house& where,
                       const std::vector<chapter>& of,
                       const screen& look);

}  // namespace workbook
