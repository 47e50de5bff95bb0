// Step 4.6, break it: the reader's schedule against a pool whose
// worker begins the task while its sender still counts as blocked.

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook {
namespace {

BREAKS(worker_break, the_mark_stays_too_long, 4.6, 2,
       "break_1.schedule") {
  contract(
      "would_deadlock if and only if … the task of every other worker "
      "is blocked in run(task&&) of this pool");
  run_status inner = run_status::closed;
  worker_pool pool(2);
  explore::settle();  // both workers wait for a task

  // Hands over a task that hands over a task.
  (void)pool.run(
      [&] { (void)pool.run([&] { inner = pool.run([] {}); }); });
  explore::settle();  // here test is blocked while workers can run
  pool.shutdown();

  EXPECT_EQ(inner, run_status::ok)
      << "refused, and yet a worker came free";
}

}  // namespace
}  // namespace workbook
