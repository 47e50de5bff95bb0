// Step 7.8: results, and the calls that a task makes to its own pool.

#include <sys/mman.h>

#include <atomic>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook::step_8 {
namespace {

EXPLORED(elastic_result, a_value_comes_back, 7.8, 1) {
  contract("returns the value that the task returned");
  pool one({.capacity = 1});

  auto number = one.async([] { return 42; });
  auto nothing = one.async([] {});
  auto moved = one.async([kept = std::make_unique<int>(7)]() mutable {
    return std::move(kept);
  });

  EXPECT_EQ(number.status(), submit_result::accepted);
  EXPECT_EQ(number.get(), 42);
  EXPECT_NO_THROW(nothing.get());
  EXPECT_EQ(*moved.get(), 7);
}

EXPLORED(elastic_result, an_exception_comes_back, 7.8, 1) {
  contract("its exception, which does not count as failed");
  pool one({.capacity = 1});

  auto bad = one.async([]() -> int { throw std::runtime_error("no"); });

  EXPECT_THROW(bad.get(), std::runtime_error);
  explore::settle();
  EXPECT_EQ(one.stats().failed, 0U);
  EXPECT_EQ(one.stats().completed, 1U);
}

EXPLORED(elastic_result, a_refused_one_says_why, 7.8, 1) {
  contract("What submit would have returned.");
  explore::gate gate;
  pool one({.capacity = 1, .nonblocking = true});
  occupy(one, gate);
  const auto overloaded = one.async([] { return 1; });
  gate.open();
  explore::settle();
  auto accepted = one.async([] { return 2; });
  const int value = accepted.get();
  (void)one.shutdown(shutdown_mode::drain);
  const auto closed = one.async([] { return 3; });

  EXPECT_EQ(overloaded.status(), submit_result::overloaded);
  EXPECT_EQ(value, 2);
  EXPECT_EQ(closed.status(), submit_result::closed);
}

EXPLORED(elastic_result, a_task_waits_for_its_own_subtask, 7.8, 1) {
  contract(
      "so a task that waits for its own subtasks cannot deadlock the "
      "pool");
  pool one({.capacity = 1});

  auto outer = one.async([&] {
    auto first = one.async([] { return 20; });
    auto second = one.async([] { return 22; });
    return second.get() + first.get();
  });

  EXPECT_EQ(outer.get(), 42);
  EXPECT_EQ(one.stats().high_water, 1U);
}

int fibonacci(pool& in, int n) {
  if (n < 2) {
    return n;
  }
  auto left = in.async([&in, n] { return fibonacci(in, n - 1); });
  const int right = fibonacci(in, n - 2);
  return left.get() + right;
}

EXPLORED(elastic_result, subtasks_have_subtasks, 7.8, 1,
         .schedules = 100) {
  contract(
      "so a task that waits for its own subtasks cannot deadlock the "
      "pool");
  pool two({.capacity = 2});

  auto sum = two.async([&] { return fibonacci(two, 6); });

  EXPECT_EQ(sum.get(), 8);
}

EXPLORED(elastic_result, it_runs_only_what_it_waits_for, 7.8, 1) {
  contract("it first runs the awaited task itself");
  explore::gate gate;
  pool two({.capacity = 2});

  auto outer = two.async([&] {
    auto awaited = two.async([] {});  // the second worker has it
    // Queued, unless that worker is free again; and it waits for what
    // the outer task does later.
    (void)two.submit([&] { gate.wait(); });
    awaited.get();
    gate.open();
  });

  EXPECT_NO_THROW(outer.get())
      << "a task that waited for one result began another task, on "
         "whose end it depends now";
}

EXPLORED(elastic_result, what_runs_elsewhere_is_waited_for, 7.8, 0) {
  contract("if no worker has taken it yet");
  std::atomic<int> runs = 0;
  pool two({.capacity = 2});

  auto outer = two.async([&] {
    auto inner = two.async([&] { return ++runs; });
    return inner.get();
  });

  EXPECT_EQ(outer.get(), 1);
  EXPECT_EQ(runs, 1)
      << "a task ran twice: on its worker, and on the one "
         "that waited";
}

EXPLORED(elastic_result, inside_submit_never_waits, 7.8, 1) {
  contract("Inside, submit never waits and never returns overloaded");
  std::atomic<int> accepted = 0;
  std::atomic<int> ran = 0;
  std::atomic<std::size_t> unfinished = 0;
  {
    pool one({.capacity = 1, .max_blocking = 0, .nonblocking = true});
    (void)one.submit([&] {
      for (int i = 0; i < 3; ++i) {
        if (one.submit([&] { ++ran; }) == submit_result::accepted) {
          ++accepted;
        }
      }
      unfinished = one.stats().unfinished;
    });
    explore::settle();
  }
  EXPECT_EQ(accepted, 3);
  EXPECT_EQ(ran, 3) << "a queued task was forgotten";
  EXPECT_EQ(unfinished, 4U);
}

EXPLORED(elastic_result, queued_tasks_come_first, 7.8, 1) {
  contract(
      "goes to the next worker that is free, before the tasks of "
      "waiting submitters");
  explore::gate gate;
  std::vector<int> order;  // one worker
  {
    pool one({.capacity = 1});
    (void)one.submit([&] {
      gate.wait();
      (void)one.submit([&] { order.push_back(1); });
      (void)one.submit([&] { order.push_back(2); });
    });
    std::jthread outside(
        [&] { (void)one.submit([&] { order.push_back(3); }); });
    explore::settle();  // it waits
    gate.open();
    outside.join();
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

EXPLORED(elastic_result, a_larger_pool_takes_from_the_queue, 7.8, 0) {
  contract(
      "Upwards, starts a worker for each task that was waiting and has "
      "room now.");
  explore::gate gate;
  std::atomic<int> ran = 0;
  std::atomic<bool> queued = false;
  pool one({.capacity = 1});
  (void)one.submit([&] {
    (void)one.submit([&] { ++ran; });
    queued = true;
    gate.wait();
  });
  explore::settle();
  const bool at_once = queued;

  one.resize(2);
  explore::settle();
  const int meanwhile = ran;
  gate.open();

  EXPECT_TRUE(at_once);
  EXPECT_EQ(meanwhile, 1) << "there is room for the queued task";
}

EXPLORED(elastic_result, a_queued_task_can_be_returned, 7.8, 1) {
  contract("A future of a returned task is broken at once");
  explore::gate gate;
  std::atomic<bool> broken = false;
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  auto outer = one.async([&] {
    auto inner = one.async([&] { ++ran; });
    gate.wait();
    try {
      inner.get();  // hangs if shutdown keeps the promise
    } catch (const std::future_error&) {
      broken = true;
    }
  });
  explore::settle();  // the inner task is queued
  std::jthread opener([&] {
    explore::settle();
    gate.open();
  });
  auto unrun = one.shutdown(shutdown_mode::discard);
  opener.join();
  outer.get();
  for (pool::task& each : unrun) {
    each();
  }

  EXPECT_EQ(unrun.size(), 1U);
  EXPECT_TRUE(broken);
  EXPECT_EQ(ran, 0) << "its result is broken: it does nothing";
}

EXPLORED(elastic_result, a_paused_pool_helps_itself, 7.8, 0) {
  contract("also while the pool is paused");
  explore::gate gate;
  pool one({.capacity = 1});
  auto outer = one.async([&] {
    gate.wait();
    return one.async([] { return 5; }).get();
  });
  explore::settle();
  one.pause();
  gate.open();
  explore::settle();
  const bool ready = outer.ready();
  one.resume();

  EXPECT_TRUE(ready) << "a task that ran when the pool was paused goes "
                        "on, with what it waits for";
  EXPECT_EQ(outer.get(), 5);
}

EXPLORED(elastic_result, a_result_outlives_its_pool, 7.8, 0) {
  contract("It may outlive the pool.");
  void* const memory =
      mmap(nullptr, sizeof(pool), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  pool* const one = new (memory) pool({.capacity = 1});
  auto kept = one->async([] { return 9; });
  std::destroy_at(one);
  munmap(memory, sizeof(pool));  // crashes whoever looks into the pool

  EXPECT_EQ(kept.get(), 9);
}

EXPLORED(elastic_result, subtasks_count, 7.8, 0) {
  contract("The numbers of a pool at one moment.");
  pool_stats now;
  {
    pool one({.capacity = 1});
    auto outer = one.async([&] {
      one.async([] {}).get();
      auto left_behind = one.async([] {});
    });
    outer.get();
    (void)one.shutdown(shutdown_mode::drain);
    now = one.stats();
  }
  EXPECT_EQ(now.accepted, 3U);
  EXPECT_EQ(now.completed, 3U);
  EXPECT_EQ(now.submitted, now.accepted + now.rejected);
  EXPECT_EQ(now.unfinished, 0U);
}

}  // namespace
}  // namespace workbook::step_8
