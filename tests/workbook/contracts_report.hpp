// What the account of a chapter's contracts looks like on a terminal.

#pragma once

#include <string>

#include "workbook/contracts.hpp"
#include "workbook/screen.hpp"

namespace workbook {

/// The sentences and faults that are open, or, `whole`, all sentences;
/// and a last line with the counts.
std::string account_text(const contract_account& of, bool whole,
                         const screen& look);

/// That last line.
std::string account_line(const contract_account& of);

}  // namespace workbook
