// Step 4.1: workers, and a task that goes from hand to hand.

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <thread>
#include <utility>

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook::step_1 {
namespace {

GRADED(worker_hand_off, zero_workers_are_refused, 4.1, 2) {
  contract("Throws std::invalid_argument if that is 0");

  EXPECT_THROW(worker_pool(0), std::invalid_argument)
      << "a pool without workers accepted the job; its first run would "
         "wait for ever";
  EXPECT_NO_THROW(worker_pool(1));
}

EXPLORED(worker_hand_off, a_worker_runs_the_task, 4.1, 2) {
  contract("Hands `job` to a worker, and returns ok");
  std::thread::id ran_on;

  {
    worker_pool pool(1);
    worker_pool::task job([&] { ran_on = std::this_thread::get_id(); });
    EXPECT_EQ(pool.run(std::move(job)), run_status::ok);
    EXPECT_FALSE(job) << "a worker has the task; its caller still "
                         "holds one as well";
  }

  EXPECT_NE(ran_on, std::thread::id())
      << "the pool is gone and the task that it took has not run";
  EXPECT_NE(ran_on, std::this_thread::get_id())
      << "the task ran on the thread that handed it over";
}

EXPLORED(worker_hand_off, run_returns_when_a_worker_has_it, 4.1, 3) {
  contract("returns ok once the worker has it");
  explore::gate gate;
  std::atomic<bool> returned = false;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);

  std::jthread caller([&] {
    explore::role("caller");
    (void)pool.run([] {});
    returned = true;
  });
  explore::settle();
  const bool too_early = returned;
  gate.open();
  caller.join();

  EXPECT_FALSE(too_early)
      << "the only worker is busy, and run has come back: the task "
         "lies in a queue, where the document wants a hand-off";
}

EXPLORED(worker_hand_off, each_task_runs_once, 4.1, 2) {
  contract("Hands `job` to a worker, and returns ok");
  std::array<std::atomic<int>, 3> runs = {};

  {
    worker_pool pool(2);
    for (std::atomic<int>& each : runs) {
      EXPECT_EQ(pool.run([&each] { ++each; }), run_status::ok);
    }
  }

  for (std::atomic<int>& each : runs) {
    EXPECT_EQ(each, 1) << "every task that was taken runs exactly once";
  }
}

EXPLORED(worker_hand_off, all_workers_work_at_once, 4.1, 2) {
  contract("Starts `workers` threads.");
  std::latch meeting(3);
  worker_pool pool(3);
  const int started = explore::threads_started();

  for (int i = 0; i < 3; ++i) {
    // Each task waits for the other two.
    EXPECT_EQ(pool.run([&] { meeting.arrive_and_wait(); }),
              run_status::ok);
  }

  EXPECT_EQ(started, 3);
}

EXPLORED(worker_hand_off, an_idle_worker_waits, 4.1, 2) {
  contract("goes from the hand of its caller into that of a worker");
  worker_pool pool(2);
  EXPECT_EQ(pool.run([] {}), run_status::ok);

  explore::settle();  // fails if a worker polls

  EXPECT_EQ(explore::sleeping(), 0)
      << "an idle worker sleeps and looks again; it should wait in "
         "receive, which costs nothing and wakes at once";
  EXPECT_EQ(explore::threads_alive(), 2)
      << "a worker should live on and wait for the next task";
}

EXPLORED(worker_hand_off, a_task_may_hand_over_another, 4.1, 2) {
  contract("also from a task of this pool");
  run_status inner = run_status::closed;
  std::atomic<bool> ran = false;

  {
    worker_pool pool(2);
    EXPECT_EQ(pool.run([&] { inner = pool.run([&] { ran = true; }); }),
              run_status::ok);
    explore::settle();
  }

  EXPECT_EQ(inner, run_status::ok)
      << "there is another worker, so a task may call run like anybody";
  EXPECT_TRUE(ran);
}

EXPLORED(worker_hand_off, callers_from_outside_do_not_count, 4.1, 1) {
  contract(
      "the task of every other worker is blocked in this very call");
  explore::gate one;
  explore::gate other;
  run_status inner = run_status::closed;
  {
    worker_pool pool(2);
    EXPECT_EQ(pool.run([&] { one.wait(); }), run_status::ok);
    EXPECT_EQ(pool.run([&] {
      other.wait();
      inner = pool.run([] {});
    }),
              run_status::ok);
    std::jthread caller([&] { (void)pool.run([] {}); });
    explore::settle();  // the caller waits for a worker
    other.open();
    explore::settle();  // a task waits for a worker, too
    one.open();
    explore::settle();
  }
  EXPECT_EQ(inner, run_status::ok)
      << "the other worker was busy, not blocked in run; only tasks "
         "can be, not callers from outside";
}

EXPLORED(worker_hand_off, another_pool_is_not_inside, 4.1, 1) {
  contract("on the worker that runs a task of this very pool");
  explore::gate gate;
  run_status across = run_status::closed;

  {
    worker_pool busy(1);
    EXPECT_EQ(busy.run([&] { gate.wait(); }), run_status::ok);
    worker_pool pool(1);
    EXPECT_EQ(pool.run([&] { across = busy.run([] {}); }),
              run_status::ok);
    explore::settle();
    gate.open();
  }

  EXPECT_EQ(across, run_status::ok)
      << "a task called run of another pool, whose worker was busy and "
         "then came; is a mark of one pool taken for that of all?";
}

EXPLORED(worker_hand_off, marks_of_another_pool_do_not_count, 4.1, 1) {
  contract("is blocked in this very call, run(task&&), of this pool");
  explore::gate gate;
  run_status status = run_status::closed;
  worker_pool other(2);
  EXPECT_EQ(other.run([&] { gate.wait(); }), run_status::ok);
  EXPECT_EQ(other.run([&] { (void)other.run([] {}); }), run_status::ok);
  explore::settle();  // a task of the other pool is blocked

  {
    worker_pool pool(2);
    EXPECT_EQ(pool.run([&] { status = pool.run([] {}); }),
              run_status::ok);
    explore::settle();
  }
  gate.open();
  explore::settle();

  EXPECT_EQ(status, run_status::ok)
      << "a worker was waiting; who is blocked in another pool does "
         "not keep it";
}

EXPLORED(worker_hand_off, the_documents_program, 4.1, 3, .schedules = 6,
         .steps = 2'000'000, .timeouts_race = false,
         .virtual_time = true) {
  contract("worker_pool runs tasks on a fixed number of threads.");
  std::array<std::atomic<int>, 500> runs = {};
  std::atomic<int> now_running = 0;
  std::atomic<bool> too_many = false;

  {
    worker_pool pool(10);
    for (std::atomic<int>& each : runs) {
      EXPECT_EQ(pool.run([&] {
        too_many = too_many || ++now_running > 10;
        std::this_thread::sleep_for(std::chrono::seconds(1));
        --now_running;
        ++each;
      }),
                run_status::ok);
    }
  }

  EXPECT_EQ(explore::now(), std::chrono::seconds(50))
      << "500 tasks of 1 s on 10 workers take 50 s, no more, no less";
  EXPECT_FALSE(too_many) << "more tasks ran at once than workers";
  for (std::atomic<int>& each : runs) {
    EXPECT_EQ(each, 1) << "a task was lost, or ran twice";
  }
}

EXPLORED(worker_hand_off, a_task_that_ran_is_destroyed, 4.1, 1) {
  contract(
      "It destroys the task, without any lock, before it waits for "
      "another.");
  std::atomic<int> alive = 0;
  std::atomic<int> locks = 0;
  explore::payload held(
      &alive,
      [](void* at) {
        *static_cast<std::atomic<int>*>(at) += explore::locks_held();
      },
      &locks);
  worker_pool pool(1);

  EXPECT_EQ(pool.run([held = std::move(held)] {}), run_status::ok);
  explore::settle();  // the worker waits for the next task

  EXPECT_EQ(alive, 0)
      << "the task has ended, and what it holds, a file or a promise, "
         "is kept until another task comes";
  EXPECT_EQ(locks, 0) << "a task was destroyed while a lock was held";
}

}  // namespace
}  // namespace workbook::step_1
