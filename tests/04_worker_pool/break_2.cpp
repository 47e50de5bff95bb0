// Step 4.7, break it: the reader's schedule against a pool that looks
// whether it may wait, lets go of the mutex, and marks afterwards.

#include <atomic>

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook {
namespace {

BREAKS(worker_break, look_then_leap, 4.7, 2, "break_2.schedule") {
  contract(
      "Returns would_deadlock if and only if … the task of every other "
      "worker is blocked in run(task&&) of this pool");
  std::atomic<int> answered = 0;
  worker_pool pool(2);

  for (int i = 0; i < 2; ++i) {
    (void)pool.run([&] {
      (void)pool.run([] {});
      ++answered;
    });
  }
  explore::settle();  // here test is blocked while workers can run
  const int seen = answered;
  pool.shutdown();  // would set them free

  EXPECT_EQ(seen, 2) << "each task waits for the worker of the other";
}

}  // namespace
}  // namespace workbook
