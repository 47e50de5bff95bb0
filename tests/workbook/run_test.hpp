// Runs one graded test in a process of its own and judges how it
// ended.
//
// Invariants:
//   (I1) Whatever the reader's code does costs this test only.
//   (I2) A verdict against the reader never rests on elapsed time:
//        loops end by processor time, hangs are seen from what threads
//        wait in. Elapsed time alone is `infrastructure`.
//
// Book: appendix "How your work is graded".

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "workbook/verdict.hpp"

namespace workbook {

/// When a test is ended for its own good.
struct test_limits {
  double cpu_seconds = 20;    // of all its processes together
  double still_seconds = 4;   // no thread ran, all wait: it hangs
  double wall_seconds = 300;  // the last resort
  std::size_t output_bytes = 64UL << 20U;
  std::size_t memory_bytes = 4UL << 30U;
  std::size_t processes = 128;
};

struct test_request {
  std::filesystem::path program;
  std::string name;  // "suite.test"
  std::filesystem::path folder;
  test_limits limits;
  bool fixed_addresses = false;
  std::vector<std::pair<std::string, std::string>> environment;
  /// What an explored test that passes has tried at least: so many
  /// schedules, or, if it is not negative, all with at most
  /// `exhaustive` preemptions. -1 if the test is not explored.
  int schedules = -1;
  int exhaustive = -1;
  /// What is written before the program, to confine it; may be empty.
  std::vector<std::string> launcher = {};
};

/// Blocks until the test has ended or was ended. Never throws for what
/// the test does.
outcome run_test(const test_request& wanted);

}  // namespace workbook
