// A run on one processor with the virtual clock: its events have one
// order, which tests compare.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gmp.hpp"

namespace workbook::gmp::testing_kit {

inline options one_processor() {
  return {.processors = 1, .virtual_clock = true, .monitor = false};
}

/// Runs `main` on one processor; returns the goroutines that are left.
template <typename F>
std::vector<goroutine_info> run_on_one(
    F main, options wanted = one_processor()) {
  wanted.on_leak = [](const goroutine_info&) {};
  scheduler all(wanted);
  return all.run(std::move(main));
}

/// What happened, in order. One goroutine at a time writes.
using history = std::vector<std::string>;

/// For explored tests: several processors, small queues, no thread that
/// watches.
inline options several(int processors) {
  return {.processors = processors,
          .monitor = false,
          .queue_limit = 4,
          .spin = std::chrono::nanoseconds(0)};
}

}  // namespace workbook::gmp::testing_kit
