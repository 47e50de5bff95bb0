// Step 4.2: shutdown, and a constructor that fails halfway.

#include <atomic>
#include <cstddef>
#include <new>
#include <optional>
#include <system_error>
#include <thread>

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook::step_2 {
namespace {

EXPLORED(worker_shutdown, running_tasks_end, 4.2, 3) {
  contract(
      "Blocks until all running tasks have ended and all workers are "
      "joined.");
  std::atomic<int> ran = 0;
  worker_pool pool(2);
  EXPECT_EQ(pool.run([&] { ++ran; }), run_status::ok);
  EXPECT_EQ(pool.run([&] { ++ran; }), run_status::ok);

  pool.shutdown();

  EXPECT_EQ(ran, 2) << "a worker had the task and dropped it";
  EXPECT_EQ(explore::threads_alive(), 0)
      << "a worker outlives shutdown";
}

EXPLORED(worker_shutdown, every_idle_worker_is_woken, 4.2, 2) {
  contract("Blocks until … all workers are joined.");
  worker_pool pool(3);
  explore::settle();  // all three wait for a task

  pool.shutdown();  // hangs if one of them is not woken

  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(worker_shutdown, a_second_shutdown_returns, 4.2, 2) {
  contract("Every call blocks until then, and may be repeated.");
  worker_pool pool(1);

  pool.shutdown();

  EXPECT_NO_THROW(pool.shutdown())
      << "the document's pool panics here: it closes its channel twice";
}

EXPLORED(worker_shutdown, every_caller_waits_for_the_end, 4.2, 3) {
  contract("Every call blocks until then, and may be repeated.");
  bool done = false;  // plain: shutdown must order the task's write
  std::atomic<int> too_early = 0;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { done = true; }), run_status::ok);
  const auto close = [&] {
    pool.shutdown();
    too_early += done ? 0 : 1;
  };

  {
    std::jthread one(close);
    std::jthread other(close);
    std::jthread third(close);
  }

  EXPECT_EQ(too_early, 0)
      << "shutdown returned while a task was still running; every "
         "caller must wait";
}

EXPLORED(worker_shutdown, half_a_pool_leaves_nothing, 4.2, 2) {
  contract(
      "std::system_error or std::bad_alloc if a thread cannot start; "
      "the threads started before it have ended then.");
  explore::fail_thread_start(3);

  EXPECT_THROW(worker_pool(3), std::system_error)
      << "the third thread could not start, and the constructor "
         "succeeded";

  EXPECT_EQ(explore::threads_started(), 2);
  EXPECT_EQ(explore::threads_alive(), 0)
      << "the constructor has thrown, so no destructor will run, and "
         "two workers are not joined";
}

EXPLORED(worker_shutdown, a_lack_of_memory_leaves_nothing, 4.2, 1,
         .schedules = 10) {
  contract(
      "std::system_error or std::bad_alloc if a thread cannot start; "
      "the threads started before it have ended then.");
  std::optional<worker_pool> pool;

  for (std::size_t before = 0; !pool; ++before) {
    try {
      const explore::missing_block missing(before);
      pool.emplace(2);
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(explore::threads_alive(), 0)
          << "when allocation " << before + 1
          << " failed, the constructor threw and left a worker";
    }
  }

  EXPECT_EQ(explore::threads_alive(), 2);
}

}  // namespace
}  // namespace workbook::step_2
