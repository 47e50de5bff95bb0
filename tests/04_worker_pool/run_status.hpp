// The words of run_status, for the pools that are not the reference:
// the alternatives, and the one that the reader's tests see.

#pragma once

namespace workbook {

enum class run_status {
  ok,
  closed,
  would_deadlock,
  cancelled,
  timed_out,
  would_block
};

}  // namespace workbook
