// Step 7.2: workers that are started when they are needed, and used
// again, the warmest first.

#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook::step_2 {
namespace {

GRADED(elastic_start, impossible_capacities_are_refused, 7.2, 1) {
  contract(
      "Throws std::invalid_argument if the capacity is 0, or less than "
      "min_workers");

  EXPECT_THROW(pool({.capacity = 0}), std::invalid_argument)
      << "its first submitter would wait, and nobody would come";
  EXPECT_THROW(pool({.capacity = 1, .min_workers = 2}),
               std::invalid_argument);
  EXPECT_NO_THROW(pool({.capacity = 2, .min_workers = 2}));
}

EXPLORED(elastic_start, a_worker_runs_the_task, 7.2, 1) {
  contract("On accepted, the pool has it and `job` is empty");
  std::thread::id ran_on;

  {
    pool one({.capacity = 1});
    pool::task job([&] { ran_on = std::this_thread::get_id(); });
    EXPECT_EQ(one.submit(std::move(job)), submit_result::accepted);
    EXPECT_FALSE(job) << "the pool has the task; its submitter still "
                         "holds one as well";
  }

  EXPECT_NE(ran_on, std::thread::id())
      << "the pool is gone, and the task that it accepted has not run";
  EXPECT_NE(ran_on, std::this_thread::get_id())
      << "the task ran on the thread that submitted it";
}

EXPLORED(elastic_start, there_are_no_workers_at_first, 7.2, 1) {
  contract("Creates an open pool without workers.");
  pool idle({.capacity = 3});

  const int started = explore::threads_started();
  const pool_stats now = idle.stats();
  EXPECT_EQ(idle.submit([] {}), submit_result::accepted);

  EXPECT_EQ(started, 0) << "a worker was started before it was needed";
  EXPECT_EQ(now.workers, 0U);
  EXPECT_EQ(now.capacity, 3U);
}

EXPLORED(elastic_start, an_idle_worker_is_used_again, 7.2, 1) {
  contract("A task goes to the worker that became idle last");
  pool reusing({.capacity = 4});

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reusing.submit([] {}), submit_result::accepted);
    explore::settle();
  }

  EXPECT_EQ(explore::threads_started(), 1)
      << "a worker was idle, and another one was started";
  EXPECT_EQ(reusing.stats().spawned, 1U);
  EXPECT_EQ(reusing.stats().idle, 1U);
}

EXPLORED(elastic_start, the_warmest_worker_is_used_first, 7.2, 1) {
  contract("A task goes to the worker that became idle last");
  explore::gate first_gate;
  explore::gate second_gate;
  std::atomic<std::thread::id> first;
  std::atomic<std::thread::id> second;
  std::atomic<std::thread::id> next;
  pool two({.capacity = 2});
  (void)two.submit([&] {
    first = std::this_thread::get_id();
    first_gate.wait();
  });
  (void)two.submit([&] {
    second = std::this_thread::get_id();
    second_gate.wait();
  });

  second_gate.open();
  explore::settle();  // the second worker is idle first
  first_gate.open();
  explore::settle();
  (void)two.submit([&] { next = std::this_thread::get_id(); });
  explore::settle();

  EXPECT_NE(first.load(), second.load());
  EXPECT_EQ(next.load(), first.load())
      << "the worker that has been idle for longest got the task: so "
         "no worker ever grows cold, and none can be pruned";
}

EXPLORED(elastic_start, each_task_has_a_worker_of_its_own, 7.2, 1) {
  contract("if none is idle, to a new worker");
  std::latch meeting(3);
  pool three({.capacity = 3});

  for (int i = 0; i < 3; ++i) {
    // Each task waits for the other two.
    EXPECT_EQ(three.submit([&] { meeting.arrive_and_wait(); }),
              submit_result::accepted);
  }
  explore::settle();

  EXPECT_EQ(three.stats().completed, 3U);
  EXPECT_EQ(three.stats().workers, 3U);
}

EXPLORED(elastic_start, a_capacity_may_be_unbounded, 7.2, 1) {
  contract(
      "A capacity, or a number of waiting submitters, without a "
      "limit.");
  std::latch meeting(4);
  pool any;

  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(any.submit([&] { meeting.arrive_and_wait(); }),
              submit_result::accepted);
  }
  explore::settle();

  EXPECT_EQ(any.stats().capacity, unbounded)
      << "a capacity was cut to fewer bits";
  EXPECT_EQ(any.stats().completed, 4U);
}

EXPLORED(elastic_start, each_task_runs_once, 7.2, 1) {
  contract("On accepted, the pool has it");
  std::array<std::atomic<int>, 4> runs = {};

  {
    pool any;
    const auto submit_two = [&](std::size_t from) {
      for (std::size_t i = from; i < from + 2; ++i) {
        EXPECT_EQ(any.submit([&runs, i] { ++runs[i]; }),
                  submit_result::accepted);
      }
    };
    std::jthread other([&] { submit_two(0); });
    submit_two(2);
    other.join();
  }

  for (const std::atomic<int>& each : runs) {
    EXPECT_EQ(each, 1) << "a task was lost, or ran twice";
  }
}

EXPLORED(elastic_start, an_idle_worker_waits, 7.2, 1) {
  contract(
      "elastic_pool<Threads> runs tasks on up to `capacity` "
      "workers");
  pool two({.capacity = 2});
  EXPECT_EQ(two.submit([] {}), submit_result::accepted);

  explore::settle();  // fails if the worker polls

  EXPECT_EQ(explore::sleeping(), 0)
      << "an idle worker sleeps and looks again";
  EXPECT_EQ(explore::threads_alive(), 1);
}

EXPLORED(elastic_start, a_task_that_ran_is_destroyed, 7.2, 1) {
  contract(
      "It destroys the task, while no lock is held, before it takes "
      "another one.");
  std::atomic<int> alive = 0;
  std::atomic<int> locks = 0;
  explore::payload held(
      &alive,
      [](void* at) {
        *static_cast<std::atomic<int>*>(at) += explore::locks_held();
      },
      &locks);
  pool one({.capacity = 1});

  EXPECT_EQ(one.submit([held = std::move(held)] {}),
            submit_result::accepted);
  explore::settle();

  EXPECT_EQ(alive, 0)
      << "the task has ended, and what it holds is kept";
  EXPECT_EQ(locks, 0) << "a task was destroyed while a lock was held";
}

EXPLORED(elastic_start, a_worker_that_cannot_start, 7.2, 1) {
  contract(
      "Throws std::system_error … if a worker is needed and cannot be "
      "started; `job` is then untouched and the task counts as "
      "rejected.");
  std::atomic<int> ran = 0;
  {
    pool one({.capacity = 1});
    pool::task job([&] { ++ran; });

    explore::fail_thread_start();
    EXPECT_THROW((void)one.submit(std::move(job)), std::system_error);
    const bool kept = bool(job);
    const pool_stats after = one.stats();
    if (kept) {
      EXPECT_EQ(one.submit(std::move(job)), submit_result::accepted)
          << "the slot of the worker that was not started is free";
    }

    EXPECT_TRUE(kept) << "the submitter has lost its task";
    EXPECT_EQ(after.workers, 0U);
    EXPECT_EQ(after.rejected, 1U);
    EXPECT_EQ(after.unfinished, 0U);
  }
  EXPECT_EQ(ran, 1);
}

EXPLORED(elastic_start, no_memory_for_a_worker, 7.2, 1) {
  contract(
      "std::bad_alloc if a worker is needed and cannot be started");
  pool one({.capacity = 1});
  pool::task job([] {});

  bool thrown = false;
  try {
    const explore::missing_block missing(0);
    (void)one.submit(std::move(job));
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  const bool kept = bool(job);
  const pool_stats after = one.stats();

  EXPECT_EQ(one.submit([] {}), submit_result::accepted);
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(kept);
  EXPECT_EQ(after.workers, 0U) << "half a worker was counted";
}

GRADED(elastic_start, a_task_must_be_one, 7.2, 1) {
  contract("It must hold a callable (asserted).");
  pool one({.capacity = 1});
  EXPECT_EQ(one.submit([] {}), submit_result::accepted);

  EXPECT_DEATH((void)one.submit(pool::task()), "")
      << "the pool has accepted nothing as a task; document 003 uses "
         "that to end a worker";
}

EXPLORED(elastic_start, the_numbers_add_up, 7.2, 1) {
  contract("The numbers of a pool at one moment.");
  explore::gate gate;
  pool two({.capacity = 2});
  occupy(two, gate);
  EXPECT_EQ(two.submit([] {}), submit_result::accepted);
  explore::settle();

  const pool_stats now = two.stats();
  gate.open();

  EXPECT_EQ(now.submitted, 2U);
  EXPECT_EQ(now.accepted, 2U);
  EXPECT_EQ(now.completed, 1U);
  EXPECT_EQ(now.unfinished, 1U);
  EXPECT_EQ(now.workers, 2U);
  EXPECT_EQ(now.idle, 1U);
  EXPECT_EQ(now.high_water, 2U);
}

}  // namespace
}  // namespace workbook::step_2
