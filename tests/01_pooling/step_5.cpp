// Step 1.5: wait until nothing is in flight.

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook::step_5 {
namespace {

template <typename T>
bool is_ready(const std::future<T>& future) {
  return future.wait_for(std::chrono::seconds(0)) ==
         std::future_status::ready;
}

EXPLORED(pooling_idle, every_result_is_ready, 1.5, 4) {
  contract(
      "Blocks until nothing is in flight; then the result of every "
      "task accepted before is ready.");
  task_pool pool(2);
  std::future<int> one = pool.submit([] { return 1; });
  std::future<int> two = pool.submit([] { return 2; });

  pool.wait_idle();

  EXPECT_TRUE(is_ready(one) && is_ready(two))
      << "wait_idle came back before a result was there: is a task "
         "counted out too early, or counted in too late?";
  EXPECT_EQ(pool.running(), 0U);
}

EXPLORED(pooling_idle, wait_idle_blocks_without_spinning, 1.5, 2) {
  contract("Blocks until nothing is in flight");
  explore::gate gate;
  std::atomic<bool> came_back = false;
  task_pool pool(1);
  pool.wait_idle();  // nothing was ever in flight
  pool.submit([&] { gate.wait(); });

  std::jthread waiter = explore::actor("waiter", [&] {
    pool.wait_idle();
    came_back = true;
  });
  explore::settle();  // fails if the waiter polls

  EXPECT_FALSE(came_back) << "wait_idle came back during a task";
  EXPECT_EQ(explore::sleeping(), 0)
      << "wait_idle sleeps and looks again; let the last task wake it";
  gate.open();
}

EXPLORED(pooling_idle, every_waiter_comes_back, 1.5, 3) {
  contract("Any number of threads may wait.");
  explore::gate gate;
  std::atomic<int> came_back = 0;
  task_pool pool(1);
  pool.submit([&] { gate.wait(); });
  const auto wait = [&] {
    pool.wait_idle();
    ++came_back;
  };

  std::jthread one = explore::actor("waiter 1", wait);
  std::jthread two = explore::actor("waiter 2", wait);
  explore::settle();
  gate.open();
  explore::settle();

  EXPECT_EQ(came_back, 2)
      << "the pool is idle, and still somebody waits for that; how "
         "many does the last task wake?";
}

EXPLORED(pooling_idle, the_closure_dies_before, 1.5, 3) {
  contract("destroyed before the task is counted out");
  std::atomic<int> alive = 0;
  task_pool pool(1);
  std::future<void> kept = pool.submit(
      [held = explore::payload(&alive)](const explore::payload&) {},
      explore::payload(&alive));

  pool.wait_idle();

  EXPECT_EQ(alive, 0)
      << "the pool is idle, but callable or argument is still alive: "
         "kept by the worker, or by the future?";
  EXPECT_TRUE(is_ready(kept));
}

// What a destructor found when it called the pool.
struct farewell {
  task_pool* pool;
  int locks = -1;
};

EXPLORED(pooling_idle, the_closure_dies_without_a_lock, 1.5, 2) {
  contract("destroyed before the task is counted out");
  std::atomic<int> alive = 0;
  task_pool pool(1);
  farewell seen{&pool};
  const auto say_farewell = [](void* context) {
    auto* const to = static_cast<farewell*>(context);
    to->locks = explore::locks_held();
    (void)to->pool->running();  // waits for ever under the mutex
  };

  pool.submit(
      [held = explore::payload(&alive, say_farewell, &seen)] {});
  pool.wait_idle();

  EXPECT_EQ(seen.locks, 0)
      << "the callable was destroyed while a lock was held: the "
         "caller's destructor ran under the pool's mutex";
}

}  // namespace
}  // namespace workbook::step_5
