// Step 1.7, break it: the reader's schedule against a pool that looks
// for room, releases the mutex, and counts the task afterwards.

#include <cstddef>
#include <thread>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook {
namespace {

BREAKS(pooling_break, two_through_one_door, 1.7, 2,
       "break_1.schedule") {
  contract(
      "Blocks while max_workers tasks are in flight, without "
      "polling.");
  explore::gate gate;
  std::size_t most = 0;
  task_pool pool(1);
  const auto enter = [&] { pool.submit([&] { gate.wait(); }); };

  {
    std::jthread a = explore::actor("A", enter);
    std::jthread b = explore::actor("B", enter);
    explore::settle();  // here test is blocked while A or B can run
    most = pool.running();
    gate.open();
  }

  EXPECT_LE(most, 1U) << "two tasks are in flight in a pool of one";
}

}  // namespace
}  // namespace workbook
