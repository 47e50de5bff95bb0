// Counting instructions: what callgrind sees between two requests.

#pragma once

#include <valgrind/callgrind.h>

namespace workbook::duel {

constexpr int operations = 1'000;

/// Runs `body`, which does `operations` of them, twice: what the first
/// run allocates is not counted.
template <typename Body>
void count(const char* name, Body body) {
  body();
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  body();
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}

}  // namespace workbook::duel
