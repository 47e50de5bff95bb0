// Step 1.1: one worker runs tasks.

#include <array>
#include <atomic>
#include <cstddef>
#include <latch>
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
      << "a pool without workers can never run a task; its first "
         "submit would wait forever";
  EXPECT_NO_THROW(task_pool(1));
}

EXPLORED(pooling_worker, a_high_limit_costs_nothing, 1.1, 1,
         .schedules = 10) {
  contract("Creates an open pool without any thread. … O(1).");
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  std::atomic<int> ran = 0;

  for (const std::size_t many :
       {most, most / 2, std::size_t{1} << 32U}) {
    task_pool pool(many);  // memory for a worker comes with its start
    pool.submit([&] { ++ran; });
  }

  EXPECT_EQ(ran, 3) << "max_workers is only a limit, and any number";
}

EXPLORED(pooling_worker, a_worker_runs_the_task, 1.1, 3) {
  contract("Runs f(args…) on a worker.");
  std::thread::id ran_on;

  {
    task_pool pool(1);
    pool.submit([&] { ran_on = std::this_thread::get_id(); });
  }

  EXPECT_NE(ran_on, std::thread::id())
      << "the pool was destroyed and the task has not run; does work() "
         "look at tasks_ before it ends?";
  EXPECT_NE(ran_on, std::this_thread::get_id())
      << "the task ran on the thread that submitted it";
}

EXPLORED(pooling_worker, each_task_runs_once, 1.1, 2) {
  contract(
      "Calls shutdown(), so that every task that was accepted runs.");
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

EXPLORED(pooling_worker, submit_wakes_an_idle_worker, 1.1, 2) {
  contract("Runs f(args…) on a worker.");
  std::atomic<bool> ran = false;
  task_pool pool(1);
  pool.submit([] {});
  explore::settle();  // the worker has nothing to do

  pool.submit([&] { ran = true; });
  explore::settle();

  EXPECT_TRUE(ran) << "a task is in the queue and the worker is "
                      "asleep; which call wakes it?";
}

EXPLORED(pooling_worker, an_idle_worker_waits, 1.1, 2, .polls = false) {
  contract(
      "It starts a worker when one is needed and uses it again: an "
      "idle worker waits, it neither polls nor ends.");
  task_pool pool(1);
  pool.submit([] {});

  explore::settle();  // fails if the worker keeps running

  EXPECT_EQ(explore::sleeping(), 0)
      << "an idle worker sleeps and looks again; a condition variable "
         "costs nothing while it waits, and wakes at once";
  EXPECT_EQ(explore::threads_alive(), 1)
      << "the worker should live on and wait for the next task";
}

EXPLORED(pooling_worker, every_task_wakes_a_worker, 1.1, 1) {
  contract("Runs f(args…) on a worker.");
  constexpr int tasks = 4;
  std::latch all(tasks);
  std::atomic<int> met = 0;
  task_pool pool(tasks);
  explore::gate gate;
  for (int i = 0; i < tasks; ++i) {
    pool.submit([&] { gate.wait(); });
  }
  gate.open();
  explore::settle();  // four workers, all idle

  for (int i = 0; i < tasks; ++i) {
    pool.submit([&] {
      all.arrive_and_wait();
      ++met;
    });
  }
  explore::settle();

  EXPECT_EQ(met, tasks)
      << "four tasks need each other, and one of four idle workers is "
         "asleep; does each task wake one?";
}

EXPLORED(pooling_worker, a_task_runs_without_a_lock, 1.1, 1) {
  contract(
      "Any member may be called from any thread, also from a task of "
      "this pool where that is not excluded below.");
  std::atomic<int> locks = -1;

  {
    task_pool pool(2);
    pool.submit([&] { locks = explore::locks_held(); });
  }

  EXPECT_EQ(locks, 0)
      << "a worker runs its task under the lock: no other worker can "
         "do anything, and a task that calls the pool blocks forever";
}

EXPLORED(pooling_worker, a_task_sees_what_came_before, 1.1, 1) {
  contract("A task sees what its submitter wrote before submit.");
  int written = 0;  // plain: a race would be reported
  std::atomic<int> seen = 0;

  {
    task_pool pool(1);
    for (int i = 1; i <= 2; ++i) {
      pool.submit([] {});
    }
    written = 7;
    pool.submit([&] { seen = written; });
  }

  EXPECT_EQ(seen, 7) << "the task was submitted after the assignment";
}

}  // namespace
}  // namespace workbook::step_1
