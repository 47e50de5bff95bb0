// Runs a program of which nothing good is expected: a compiler that
// reads a submission, or what unpacks one.

#pragma once

#include <string>

#include "workbook/child.hpp"
#include "workbook/run_test.hpp"

namespace workbook {

struct bounded_result {
  int status = 0;       // exit status; 128 + signal if one ended it
  std::string output;   // both ends of what it printed
  std::string stopped;  // why it was ended early; empty if it was not
  /// It was ended through no fault of what it read.
  bool infrastructure = false;
};

/// Blocks until the program has ended, or exceeds a limit and is ended.
/// Throws problem if it cannot be started.
bounded_result run_bounded(const child_request& wanted,
                           const test_limits& limits);

}  // namespace workbook
