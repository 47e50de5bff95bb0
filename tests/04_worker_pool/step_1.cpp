// Step 4.1: workers, and a task that is handed over.

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
  contract("Throws std::invalid_argument if `workers` is 0");

  EXPECT_THROW(worker_pool(0), std::invalid_argument)
      << "a pool without workers was created; its first run would "
         "never return";
  EXPECT_NO_THROW(worker_pool(1));
}

EXPLORED(worker_hand_off, a_worker_runs_the_task, 4.1, 2) {
  contract("Hands `job` to a worker. … `job` is empty then.");
  std::thread::id ran_on;

  {
    worker_pool pool(1);
    worker_pool::task job([&] { ran_on = std::this_thread::get_id(); });
    EXPECT_EQ(pool.run(std::move(job)), run_status::ok);
    EXPECT_FALSE(job) << "a worker has the task, and its caller "
                         "still has one too";
  }

  EXPECT_NE(ran_on, std::thread::id())
      << "the pool is destroyed, and the task has not run";
  EXPECT_NE(ran_on, std::this_thread::get_id())
      << "the task ran on the thread that handed it over";
}

EXPLORED(worker_hand_off, run_returns_when_a_worker_has_it, 4.1, 3,
         .polls = false) {
  contract("Returns ok once a worker has it");
  contract("a worker has the task");
  contract("Blocks while all workers are busy and the pool is open.");
  contract("Neither an idle worker nor a blocked caller polls.");
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
      << "the only worker is busy, and run has returned: is the task "
         "in a queue?";
}

EXPLORED(worker_hand_off, two_blocked_callers_are_served, 4.1, 1,
         .polls = false) {
  contract("a caller blocks until a worker takes its task.");
  explore::gate gate;
  std::atomic<int> returned = 0;
  std::atomic<int> ran = 0;
  worker_pool pool(2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);
  }
  const auto call = [&] {
    (void)pool.run([&] { ++ran; });
    ++returned;
  };

  std::jthread one(call);
  std::jthread other(call);
  explore::settle();  // both wait
  gate.open();        // both workers become free
  explore::settle();

  EXPECT_EQ(returned, 2)
      << "two workers became free, and a caller waits";
  EXPECT_EQ(ran, 2);
}

EXPLORED(worker_hand_off, each_task_runs_once, 4.1, 2) {
  contract("Hands `job` to a worker. Returns ok once a worker has it");
  contract("Shuts down the pool.");
  std::array<std::atomic<int>, 3> runs = {};

  {
    worker_pool pool(2);
    for (std::atomic<int>& each : runs) {
      EXPECT_EQ(pool.run([&each] { ++each; }), run_status::ok);
    }
  }

  for (std::atomic<int>& each : runs) {
    EXPECT_EQ(each, 1) << "a task that was taken runs exactly once";
  }
}

EXPLORED(worker_hand_off, all_workers_work_at_once, 4.1, 1) {
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

EXPLORED(worker_hand_off, idle_workers_work_at_once, 4.1, 1) {
  contract("Starts `workers` threads.");
  std::latch meeting(2);
  std::atomic<int> met = 0;
  worker_pool pool(2);
  explore::settle();  // both workers wait for a task
  const auto meet = [&] {
    meeting.arrive_and_wait();
    ++met;
  };

  std::jthread one([&] { (void)pool.run(meet); });
  std::jthread other([&] { (void)pool.run(meet); });
  explore::settle();

  EXPECT_EQ(met, 2) << "two idle workers, and two tasks that must meet";
  meeting.count_down(met == 2 ? 0 : 1);
}

EXPLORED(worker_hand_off, an_idle_worker_waits, 4.1, 1,
         .polls = false) {
  contract("Neither an idle worker nor a blocked caller polls.");
  worker_pool pool(2);
  EXPECT_EQ(pool.run([] {}), run_status::ok);

  explore::settle();  // fails if a worker polls

  EXPECT_EQ(explore::sleeping(), 0)
      << "an idle worker sleeps and checks again; it should wait in "
         "receive, which costs nothing and wakes at once";
  EXPECT_EQ(explore::threads_alive(), 2)
      << "each worker should wait for the next task";
}

EXPLORED(worker_hand_off, a_task_may_hand_over_another, 4.1, 2) {
  contract("also from a task of this pool.");
  run_status inner = run_status::closed;
  std::atomic<bool> ran = false;

  {
    worker_pool pool(2);
    EXPECT_EQ(pool.run([&] { inner = pool.run([&] { ran = true; }); }),
              run_status::ok);
    explore::settle();
  }

  EXPECT_EQ(inner, run_status::ok)
      << "another worker is free, so a task may call run";
  EXPECT_TRUE(ran);
}

EXPLORED(worker_hand_off, callers_from_outside_do_not_count, 4.1, 1) {
  contract(
      "and the task of every other worker is blocked in run(task&&) of "
      "this pool");
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
      << "the other worker's task was not blocked in run; callers from "
         "outside do not count";
}

EXPLORED(worker_hand_off, another_pool_is_not_inside, 4.1, 1) {
  contract("\"Inside\" means: on a worker of this pool");
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
      << "a task called run of another pool; is the thread treated as "
         "a worker of every pool?";
}

EXPLORED(worker_hand_off, marks_of_another_pool_do_not_count, 4.1, 1) {
  contract("is blocked in run(task&&) of this pool");
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
      << "a worker was waiting; a call that is blocked in another pool "
         "does not count";
}

EXPLORED(worker_hand_off, the_documents_program, 4.1, 3, .schedules = 6,
         .steps = 2'000'000, .timeouts_race = false,
         .virtual_time = true) {
  contract("worker_pool runs tasks on a fixed number of threads.");
  contract("At most count_ tasks run, and none waits inside the pool");
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
      << "500 tasks of 1 s on 10 workers take exactly 50 s";
  EXPECT_FALSE(too_many) << "more tasks ran at once than workers";
  for (std::atomic<int>& each : runs) {
    EXPECT_EQ(each, 1) << "a task was lost, or ran twice";
  }
}

EXPLORED(worker_hand_off, a_task_that_ran_is_destroyed, 4.1, 1) {
  contract(
      "A worker destroys each task before it waits for the next, "
      "without holding a lock.");
  contract("No user code runs while mutex_ is held.");
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
      << "the task has ended, and its captures are kept until the next "
         "task arrives";
  EXPECT_EQ(locks, 0) << "a task was destroyed while a lock was held";
}

}  // namespace
}  // namespace workbook::step_1
