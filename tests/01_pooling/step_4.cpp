// Step 1.4: reuse, and workers that start only when they are needed.

#include <atomic>
#include <cstddef>
#include <future>
#include <latch>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook::step_4 {
namespace {

EXPLORED(pooling_reuse, workers_start_when_needed, 1.4, 2) {
  contract(
      "A worker is started if and only if the tasks in flight, this "
      "one included, exceed the workers.");
  explore::gate gate;
  task_pool pool(3);
  EXPECT_EQ(pool.workers(), 0U) << "no task, no worker";

  pool.submit([&] { gate.wait(); });
  EXPECT_EQ(pool.workers(), 1U);
  pool.submit([&] { gate.wait(); });
  EXPECT_EQ(pool.workers(), 2U)
      << "two tasks in flight need two workers";
  gate.open();
  explore::settle();

  EXPECT_EQ(pool.workers(), 2U) << "idle workers wait; they stay";
}

EXPLORED(pooling_reuse, an_idle_worker_is_used_again, 1.4, 2) {
  contract(
      "task_pool runs tasks on at most `max_workers` threads. It "
      "starts a worker when one is needed and uses it again: an "
      "idle worker waits, it neither polls nor ends.");
  std::atomic<int> ran = 0;
  task_pool pool(2);
  EXPECT_EQ(pool.workers(), 0U);

  for (int i = 0; i < 3; ++i) {
    pool.submit([&] { ++ran; });
    explore::settle();  // the task is done, its worker idle
  }

  EXPECT_EQ(ran, 3) << "a task was left to a worker that has ended";
  EXPECT_EQ(pool.workers(), 1U)
      << "a thread was started although a worker was idle";
  EXPECT_EQ(explore::threads_started(), 1);
}

EXPLORED(pooling_reuse, every_task_has_a_worker, 1.4, 3) {
  contract("in_flight_ <= workers_.size(): each task has its worker.");
  std::latch both(2);
  task_pool pool(2);
  EXPECT_EQ(pool.workers(), 0U);
  pool.submit([] {}).get();  // perhaps not yet counted out

  const auto meet = [&] { both.arrive_and_wait(); };
  std::future<void> one = pool.submit(meet);
  std::future<void> other = pool.submit(meet);
  one.get();
  other.get();

  EXPECT_EQ(pool.workers(), 2U)
      << "two tasks met, so two workers must have run them";
}

EXPLORED(pooling_reuse, a_failed_start_changes_nothing, 1.4, 2) {
  contract("std::system_error: the system has no thread left.");
  explore::gate gate;
  std::atomic<int> alive = 0;
  std::atomic<int> ran = 0;
  task_pool pool(2);
  pool.submit([&] { gate.wait(); });
  const auto submit_one = [&] {
    pool.submit([&ran, held = explore::payload(&alive)] { ++ran; });
  };

  explore::fail_thread_start();
  EXPECT_THROW(submit_one(), std::system_error)
      << "the system has no thread left, and submit hides it";
  EXPECT_EQ(pool.running(), 1U) << "a refused task was counted";
  EXPECT_EQ(pool.workers(), 1U)
      << "a thread that was not started was counted";
  EXPECT_EQ(alive, 0) << "the refused callable is still kept";

  submit_one();  // the next one finds a thread
  gate.open();
  explore::settle();
  EXPECT_EQ(ran, 1) << "only the accepted task runs";
}

// Throws from the move that brings the count to 0.
struct fragile {
  explicit fragile(int* moves) : moves_left(moves) {}
  fragile(fragile&& other) : moves_left(other.moves_left) {
    if (--*moves_left == 0) {
      throw std::runtime_error("broke on the way");
    }
  }
  void operator()() const {}
  int* moves_left;
};

EXPLORED(pooling_reuse, a_failed_move_changes_nothing, 1.4, 2) {
  contract("Throws, and has then changed nothing:");
  int moves_left = 0;
  task_pool pool(2);

  for (int break_at = 1; pool.running() == 0; ++break_at) {
    moves_left = break_at;
    fragile callable(&moves_left);
    try {
      pool.submit(std::move(callable));
      break;  // it was moved less often than that
    } catch (const std::runtime_error&) {
      EXPECT_EQ(pool.running(), 0U)
          << "a task whose callable broke on move " << break_at
          << " is counted as in flight";
      EXPECT_EQ(pool.workers(), 0U)
          << "a worker was started for a task that was refused";
    }
  }
}

EXPLORED(pooling_reuse, missing_memory_changes_nothing, 1.4, 1,
         .schedules = 10) {
  contract("what storing `f` or `args` throws, and std::bad_alloc.");
  std::atomic<int> ran = 0;
  bool accepted = false;

  for (std::size_t before = 0; !accepted; ++before) {
    task_pool pool(1);
    try {
      const explore::missing_block missing(before);
      pool.submit([&] { ++ran; });
      accepted = true;
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(pool.running(), 0U)
          << "allocation " << before + 1
          << " failed, submit threw, and the task was counted";
      EXPECT_EQ(pool.workers(), 0U)
          << "allocation " << before + 1
          << " failed, submit threw, and a worker was started";
    }
  }

  EXPECT_EQ(ran, 1) << "a task that was refused has run, or the "
                       "accepted one has not";
}

EXPLORED(pooling_reuse, workers_may_be_called_meanwhile, 1.4, 1) {
  contract(
      "Any member may be called from any thread, also from a task of "
      "this pool where that is not excluded below.");
  task_pool pool(2);
  std::jthread observer = explore::actor(
      "observer", [&] { EXPECT_LE(pool.workers(), 2U); });

  pool.submit([] {});
  pool.submit([&] { EXPECT_GE(pool.workers(), 1U); });
}

}  // namespace
}  // namespace workbook::step_4
