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
  std::string inputs;    // a fingerprint of what it depends on
  bool earlier = false;  // it passed before, on the same inputs
};

struct check_request {
  unsigned cores = 2;
  /// Whether labs/ must be what is generated, or may be a reader's.
  bool strict = false;
  /// Whether parts run again that passed and have not changed.
  bool fresh = false;
};

/// Runs all parts. Says first how long that will take, shows each part
/// when it is done and a failure when it is found. A part that passed
/// on the same inputs is not run again, so an interrupted run goes on
/// where it was; build/results/test.json is what is known. Stops when
/// the reader interrupts.
std::vector<part_result> check_all(const workspace& where,
                                   const std::vector<chapter>& of,
                                   const check_request& wanted,
                                   const screen& look);

}  // namespace workbook
