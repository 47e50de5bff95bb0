// Step 5.10, break it: the reader's schedule against a scope whose
// children count themselves in.

#include <atomic>
#include <stop_token>
#include <thread>

#include "grading/grading.hpp"
#include "task_scope.hpp"

namespace workbook {
namespace {

BREAKS(leaks_break, counted_in_too_late, 5.10, 2, "break_1.schedule") {
  contract("Blocks until all children have ended");
  std::atomic<int> ended = 0;
  task_scope scope;

  // Left alone the child, which is older, goes before the owner.
  (void)scope.spawn([&](std::stop_token) { ++ended; });
  std::jthread owner = explore::actor("owner", [&] {
    scope.join();
    EXPECT_EQ(ended, 1) << "join is back, and the child is not";
  });
}

}  // namespace
}  // namespace workbook
