// Step 6.14, break it: the reader's schedule against a scheduler whose
// machine announces that it is idle, and stops to count as one that
// looks for work only after it has unlocked.

#include "06_scheduler/on_one.hpp"
#include "gmp.hpp"
#include "grading/grading.hpp"

namespace workbook::gmp::break_2 {
namespace {

using namespace testing_kit;

BREAKS(gmp_break, the_count_that_stayed, 6.14, 2, "break_2.schedule") {
  contract(
      "If a goroutine may run and a processor is idle, then a machine "
      "spins or is being woken");
  scheduler all(several(2));

  all.run([] {
    explore::gate ran;
    (void)go([&] { ran.open(); });
    ran.wait();       // blocks the thread, and with it the processor
    blocking([] {});  // gives the processor to a machine
  });
}

}  // namespace
}  // namespace workbook::gmp::break_2
