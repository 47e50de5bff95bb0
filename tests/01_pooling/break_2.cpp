// Step 1.8, break it: the reader's schedule against a pool whose worker
// is counted out before it is idle, and leaves if there are too many.

#include <future>
#include <thread>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook {
namespace {

BREAKS(pooling_break, the_lost_result, 1.8, 2, "break_2.schedule") {
  contract(
      "The future gets its value or its exception, and the worker "
      "lives on.");
  int value = 0;
  task_pool pool(1);
  pool.submit([] {});

  {
    std::jthread caller = explore::actor("caller", [&] {
      try {
        value = pool.submit([] { return 7; }).get();
      } catch (const std::future_error&) {
        value = -1;  // the promise was destroyed
      }
    });
  }

  EXPECT_EQ(value, 7) << "submit accepted a task that never ran";
}

}  // namespace
}  // namespace workbook
