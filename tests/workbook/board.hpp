// All labs at a glance, and what to do next.

#pragma once

#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/screen.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// A line a lab from its latest record, then the report of the one at
/// hand, which is null if every lab is done.
std::string board_text(const workspace& where,
                       const std::vector<chapter>& of,
                       const chapter* at_hand, const screen& look);

}  // namespace workbook
