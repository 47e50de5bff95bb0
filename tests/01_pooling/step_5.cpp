// Step 1.5: wait until nothing is in flight.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <list>
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

EXPLORED(pooling_idle, every_result_is_ready, 1.5, 3) {
  contract(
      "The result of every task accepted before is then ready, and "
      "what these tasks wrote is visible.");
  task_pool pool(2);
  std::future<int> one = pool.submit([] { return 1; });
  std::future<int> two = pool.submit([] { return 2; });

  pool.wait_idle();

  EXPECT_TRUE(is_ready(one) && is_ready(two))
      << "wait_idle returned before a result was ready: is a task "
         "counted out too early, or counted in too late?";
  EXPECT_EQ(pool.running(), 0U);
}

EXPLORED(pooling_idle, wait_idle_blocks_without_polling, 1.5, 2,
         .polls = false) {
  contract("Blocks until no task is in flight, without polling.");
  explore::gate gate;
  std::atomic<bool> returned = false;
  task_pool pool(1);
  pool.wait_idle();  // nothing was ever in flight
  pool.submit([&] { gate.wait(); });

  std::jthread waiter = explore::actor("waiter", [&] {
    pool.wait_idle();
    returned = true;
  });
  explore::settle();  // fails if the waiter keeps running

  EXPECT_FALSE(returned) << "wait_idle returned during a task";
  EXPECT_EQ(explore::sleeping(), 0)
      << "wait_idle sleeps and looks again; let the last task wake it";
  gate.open();
}

EXPLORED(pooling_idle, every_waiter_comes_back, 1.5, 2) {
  contract("Any number of threads may wait.");
  explore::gate gate;
  std::atomic<int> returned = 0;
  task_pool pool(1);
  pool.submit([&] { gate.wait(); });
  const auto wait = [&] {
    pool.wait_idle();
    ++returned;
  };

  std::list<std::jthread> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.push_back(explore::actor("waiter", wait));
  }
  explore::settle();
  gate.open();
  explore::settle();

  EXPECT_EQ(returned, 4)
      << "the pool is idle, and one of four callers still waits; how "
         "many does the last task wake?";
}

EXPLORED(pooling_idle, the_closure_dies_before, 1.5, 3) {
  contract(
      "in_flight_ counts a task from its acceptance. First its "
      "result becomes ready, then its callable and arguments are "
      "destroyed, and only then is it counted out.");
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

// What a destructor of a captured object finds.
struct found_at_end {
  const task_pool* pool;
  std::size_t in_flight = 0;
};

void look_at_end(void* context) {
  auto* const found = static_cast<found_at_end*>(context);
  found->in_flight = found->pool->running();
}

EXPLORED(pooling_idle, it_counts_while_it_is_destroyed, 1.5, 1) {
  contract(
      "A task is in flight from its acceptance by submit until its "
      "result is ready and its callable and arguments are destroyed.");
  for (const bool throws : {false, true}) {
    std::atomic<int> alive = 0;
    explore::gate first;
    explore::gate second;
    task_pool pool(2);
    found_at_end found{&pool};
    pool.submit([&first, throws,
                 held = explore::payload(&alive, look_at_end, &found)] {
      first.wait();
      if (throws) {
        throw 404;
      }
    });
    pool.submit([&] { second.wait(); });

    first.open();
    explore::settle();
    second.open();
    pool.wait_idle();

    EXPECT_EQ(found.in_flight, 2U)
        << "the callable is not yet destroyed, and its task is no "
           "longer counted; or another task is not counted yet";
  }
}

// What a destructor found when it called the pool.
struct caller_at_end {
  task_pool* pool;
  int locks = -1;
};

EXPLORED(pooling_idle, the_closure_dies_without_a_lock, 1.5, 2) {
  contract("No user code runs while mutex_ is held.");
  std::atomic<int> alive = 0;
  task_pool pool(1);
  caller_at_end seen{&pool};
  const auto call_pool = [](void* context) {
    auto* const to = static_cast<caller_at_end*>(context);
    to->locks = explore::locks_held();
    (void)to->pool->running();  // blocks forever under the mutex
  };

  pool.submit([held = explore::payload(&alive, call_pool, &seen)] {});
  pool.wait_idle();

  EXPECT_EQ(seen.locks, 0)
      << "the callable was destroyed while a lock was held: the "
         "caller's destructor ran under the pool's mutex";
}

EXPLORED(pooling_idle, what_the_tasks_wrote_is_visible, 1.5, 1) {
  contract(
      "The result of every task accepted before is then ready, and "
      "what these tasks wrote is visible.");
  int first = 0;  // plain: a race would be reported
  int second = 0;
  task_pool pool(2);
  pool.submit([&] { first = 1; });
  pool.submit([&] { second = 2; });

  pool.wait_idle();

  EXPECT_EQ(first + second, 3) << "the pool is idle, so both tasks ran";
}

}  // namespace
}  // namespace workbook::step_5
