// Step 7.11, break it: the reader's schedule against a pool whose
// workers look for a surplus, release the lock, and leave afterwards.

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

BREAKS(elastic_break, two_leave_for_one, 7.11, 2, "break_2.schedule") {
  contract("No more leave than are too many.");
  explore::gate gate;
  pool two({.capacity = 2});
  (void)two.submit([&] { gate.wait(); });
  (void)two.submit([&] { gate.wait(); });
  explore::settle();  // here test is blocked while workers can run

  two.resize(1);
  gate.open();
  explore::settle();

  EXPECT_EQ(two.stats().workers, 1U)
      << "one was too many, and both have left";
}

}  // namespace
}  // namespace workbook
