// Step 5.11, break it: the reader's schedule against a scope whose
// children register themselves.

#include <atomic>
#include <stop_token>
#include <thread>

#include "grading/grading.hpp"
#include "task_scope.hpp"

namespace workbook {
namespace {

BREAKS(leaks_break, counted_in_too_late, 5.11, 2, "break_1.schedule") {
  contract("Blocks until all children have ended and their captures");
  std::atomic<int> ended = 0;
  task_scope scope;

  // Without a schedule, the older thread runs first: the child.
  (void)scope.spawn([&](std::stop_token) { ++ended; });
  std::jthread owner =
      explore::actor("owner", [&] {
        scope.join();
        EXPECT_EQ(ended, 1)
            << "join has returned, and the child has not ended";
      });
}

}  // namespace
}  // namespace workbook
