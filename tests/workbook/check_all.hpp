// Everything that must hold before a change is taken in: `make test`.
//
// README: "To add a chapter".

#pragma once

#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/screen.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// One part of the whole, and how it went.
struct part_result {
  std::string name;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  double seconds = 0;
};

struct check_request {
  unsigned cores = 2;
  /// Whether labs/ must be what is generated, or may be a reader's.
  bool strict = false;
};

/// Runs all parts, showing each as it goes; what took how long is
/// recorded in build/results/test.json. Stops when the reader
/// interrupts.
std::vector<part_result> check_all(const workspace& where,
                                   const std::vector<chapter>& of,
                                   const check_request& wanted,
                                   const screen& look);

}  // namespace workbook
