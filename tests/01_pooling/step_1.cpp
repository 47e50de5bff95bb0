// Step 1.1: one worker runs tasks.

#include <array>
#include <atomic>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <thread>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook::step_1 {
namespace {

GRADED(pooling_worker, zero_workers_are_refused, 1.1, 1) {
  contract("Throws std::invalid_argument if `max_workers` is 0.");

  EXPECT_THROW(task_pool(0), std::invalid_argument)
      << "a pool that may never have a worker accepted the job; its "
         "first submit would wait for ever";
  EXPECT_NO_THROW(task_pool(1));
}

GRADED(pooling_worker, a_high_limit_costs_nothing, 1.1, 1) {
  contract("Creates an open pool without any thread. … O(1).");
  const std::size_t many = std::numeric_limits<std::ptrdiff_t>::max();

  EXPECT_NO_THROW(task_pool{many})
      << "a limit is a number; what is kept for a worker is made with "
         "the worker";
}

EXPLORED(pooling_worker, a_worker_runs_the_task, 1.1, 3) {
  contract("Runs f(args…) on a worker");
  std::thread::id ran_on;

  {
    task_pool pool(1);
    pool.submit([&] { ran_on = std::this_thread::get_id(); });
  }

  EXPECT_NE(ran_on, std::thread::id())
      << "the pool is gone and the task has not run; does work() look "
         "at tasks_ before it obeys closed_?";
  EXPECT_NE(ran_on, std::this_thread::get_id())
      << "the task ran on the thread that submitted it";
}

EXPLORED(pooling_worker, each_task_runs_once, 1.1, 3) {
  contract("Runs f(args…) on a worker");
  std::array<std::atomic<int>, 3> runs = {};

  {
    task_pool pool(2);
    for (std::atomic<int>& each : runs) {
      pool.submit([&each] { ++each; });
    }
  }

  for (std::atomic<int>& each : runs) {
    EXPECT_EQ(each, 1)
        << "every task runs exactly once; is it taken out of tasks_ "
           "under the lock, and is tasks_ emptied before the end?";
  }
}

EXPLORED(pooling_worker, submit_wakes_an_idle_worker, 1.1, 3) {
  contract("Runs f(args…) on a worker");
  std::atomic<bool> ran = false;
  task_pool pool(1);
  pool.submit([] {});
  explore::settle();  // the worker has nothing to do

  pool.submit([&] { ran = true; });
  explore::settle();

  EXPECT_TRUE(ran) << "a task waits in the pool and nobody works on "
                      "it; who wakes the idle worker?";
}

EXPLORED(pooling_worker, an_idle_worker_waits, 1.1, 3) {
  contract("An idle worker waits, it neither polls nor ends.");
  task_pool pool(1);
  pool.submit([] {});

  explore::settle();  // fails if the worker polls

  EXPECT_EQ(explore::sleeping(), 0)
      << "an idle worker sleeps and looks again; it should wait for a "
         "condition, which costs nothing and wakes at once";
  EXPECT_EQ(explore::threads_alive(), 1)
      << "the worker should live on and wait for the next task";
}

}  // namespace
}  // namespace workbook::step_1
