// Step 7.10, break it: the reader's schedule against a pool that looks
// for room, releases the lock, and starts a worker afterwards.

#include <thread>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

BREAKS(elastic_break, two_through_one_door, 7.10, 2,
       "break_1.schedule") {
  contract("At most this many workers exist at once.");
  pool one({.capacity = 1});
  const auto enter = [&] { (void)one.submit([] {}); };

  {
    std::jthread a = explore::actor("A", enter);
    std::jthread b = explore::actor("B", enter);
    explore::settle();  // here test is blocked while A or B can run
  }

  EXPECT_LE(one.stats().high_water, 1U)
      << "a pool of one had two workers";
}

}  // namespace
}  // namespace workbook
