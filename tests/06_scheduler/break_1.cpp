// Step 6.13, break it: the reader's schedule against a scheduler whose
// machine announces that it is idle, and sleeps without a second look.

#include "06_scheduler/on_one.hpp"
#include "gmp.hpp"
#include "grading/grading.hpp"

namespace workbook::gmp::break_1 {
namespace {

using namespace testing_kit;

BREAKS(gmp_break, the_wakeup_between_two_looks, 6.13, 2,
       "break_1.schedule") {
  contract(
      "If a goroutine may run and a processor is idle, then a machine "
      "spins or is being woken");
  scheduler all(several(2));

  all.run([] {
    explore::gate first;
    explore::gate second;
    (void)go([&] { first.open(); });
    first.wait();  // blocks the thread, and with it the processor
    (void)go([&] { second.open(); });
    second.wait();  // so only another machine can run the second
  });
}

}  // namespace
}  // namespace workbook::gmp::break_1
