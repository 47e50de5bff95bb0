// Step 1.6: shutdown, and the calls from inside.

#include <atomic>
#include <cstddef>
#include <future>
#include <latch>
#include <list>
#include <new>
#include <system_error>
#include <thread>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook::step_6 {
namespace {

// Whether `call` is refused because it would wait for its own task.
template <typename Call>
bool would_deadlock(Call call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code() == std::errc::resource_deadlock_would_occur;
  }
  return false;
}

// Whether `call` is refused because the pool is closed.
template <typename Call>
bool is_closed(Call call) {
  try {
    call();
  } catch (const pool_closed&) {
    return true;
  }
  return false;
}

// ---- Shutdown --------------------------------------------------------

EXPLORED(pooling_shutdown, a_later_submit_is_refused, 1.6, 1) {
  contract("Thrown by task_pool::submit once shutdown() was called.");
  std::atomic<bool> ran = false;
  task_pool pool(1);

  pool.shutdown();

  EXPECT_THROW(pool.submit([&] { ran = true; }), pool_closed)
      << "nobody is left to run what a closed pool accepts";
  EXPECT_FALSE(ran);
  EXPECT_EQ(pool.running(), 0U) << "a refused task was counted";
  EXPECT_EQ(explore::threads_started(), 0)
      << "a closed pool started a worker";
}

EXPLORED(pooling_shutdown, every_blocked_submit_is_refused, 1.6, 1) {
  contract("pool_closed: shutdown() was called, before or meanwhile.");
  explore::gate gate;
  std::atomic<int> refused = 0;
  task_pool pool(1);
  pool.submit([&] { gate.wait(); });
  const auto late = [&] {
    refused += is_closed([&] { pool.submit([] {}); }) ? 1 : 0;
  };

  std::jthread waiter =
      explore::actor("waiter", [&] { pool.wait_idle(); });
  std::list<std::jthread> submitters;
  for (int i = 0; i < 5; ++i) {
    submitters.push_back(explore::actor("submitter", late));
  }
  explore::settle();
  std::jthread closer =
      explore::actor("closer", [&] { pool.shutdown(); });
  explore::settle();

  EXPECT_EQ(refused, 5)
      << "five submitters waited for room when the pool was closed, "
         "and at least one still waits; which waiters does shutdown "
         "notify, and is it held up by wait_idle?";
  gate.open();
}

EXPLORED(pooling_shutdown, a_task_that_waits_is_refused, 1.6, 1) {
  contract("pool_closed: shutdown() was called, before or meanwhile.");
  explore::gate gate;
  std::atomic<bool> refused = false;
  task_pool pool(2);
  pool.submit([&] { gate.wait(); });
  pool.submit(
      [&] { refused = is_closed([&] { pool.submit([] {}); }); });
  explore::settle();  // the second task waits for room

  std::jthread closer =
      explore::actor("closer", [&] { pool.shutdown(); });
  explore::settle();

  EXPECT_TRUE(refused) << "a task waited for room when the pool was "
                          "closed, and still waits";
  gate.open();
}

EXPLORED(pooling_shutdown, tasks_finish_workers_are_joined, 1.6, 1) {
  contract(
      "Closes the pool, blocks until the tasks in flight have "
      "finished, and joins all workers. … A second call has no "
      "other effect.");
  constexpr int tasks = 5;
  std::latch all(tasks);
  std::atomic<int> ran = 0;
  task_pool pool(tasks);
  for (int i = 0; i < tasks; ++i) {
    pool.submit([&] {
      all.arrive_and_wait();
      ++ran;
    });
  }

  pool.shutdown();

  EXPECT_EQ(ran, tasks) << "a task that submit accepted was dropped";
  EXPECT_EQ(explore::threads_alive(), 0)
      << "a worker outlives shutdown: detached, or not joined";
  EXPECT_EQ(pool.workers(), 0U) << "joined workers are still counted";
  EXPECT_NO_THROW(pool.shutdown()) << "a second shutdown is allowed";
}

EXPLORED(pooling_shutdown, every_caller_waits_for_the_end, 1.6, 1) {
  contract(
      "Every caller blocks until the workers are joined, and then sees "
      "what the tasks wrote.");
  bool done = false;  // plain: a race would be reported
  std::atomic<int> too_early = 0;
  task_pool pool(1);
  pool.submit([&] { done = true; });
  const auto close = [&] {
    pool.shutdown();
    if (!done || pool.workers() != 0) {
      ++too_early;
    }
  };

  {
    std::jthread one = explore::actor("closer 1", close);
    std::jthread two = explore::actor("closer 2", close);
  }

  EXPECT_EQ(too_early, 0)
      << "a shutdown returned before the task had finished and the "
         "workers were joined; the second caller waits for the first";
}

EXPLORED(pooling_shutdown, what_was_accepted_is_run, 1.6, 1) {
  contract(
      "Once closed_ is true it stays true, no task is accepted, and "
      "no worker is started.");
  for (const std::size_t most : {1U, 3U}) {
    const int before = explore::threads_started();
    std::atomic<int> accepted = 0;
    std::atomic<int> ran = 0;
    task_pool pool(most);

    std::jthread submitter = explore::actor("submitter", [&] {
      (void)is_closed([&] {
        for (int i = 0; i < 2; ++i) {
          pool.submit([&] { ++ran; });
          ++accepted;
        }
      });
    });
    pool.shutdown();
    submitter.join();

    EXPECT_EQ(ran, accepted)
        << "submit either refuses a task or it runs; is closed_ read "
           "under the mutex, also after a wait?";
    EXPECT_LE(explore::threads_started() - before - 1, accepted)
        << "more workers than tasks: was one started by shutdown?";
  }
}

// Counts the pool's workers when its thread ends.
struct census_at_the_end {
  ~census_at_the_end() {
    if (pool != nullptr) {
      *seen = pool->workers();
    }
  }
  const task_pool* pool = nullptr;
  std::atomic<std::size_t>* seen = nullptr;
};

EXPLORED(pooling_shutdown, workers_count_until_they_are_joined, 1.6,
         1) {
  contract(
      "How many threads were started and not yet joined; a snapshot.");
  explore::gate gate;
  std::atomic<std::size_t> at_the_end = 0;
  task_pool pool(1);
  pool.submit([&] {
    static thread_local census_at_the_end census;
    census.pool = &pool;
    census.seen = &at_the_end;
    gate.wait();
  });

  std::jthread closer =
      explore::actor("closer", [&] { pool.shutdown(); });
  explore::settle();  // closed; the task is still in flight
  EXPECT_EQ(pool.workers(), 1U)
      << "a thread that still runs a task is no longer counted";
  EXPECT_EQ(pool.running(), 1U);
  gate.open();
  closer.join();

  EXPECT_EQ(at_the_end, 1U)
      << "a thread that has not ended cannot be joined, and was no "
         "longer counted";
}

EXPLORED(pooling_shutdown, wait_idle_outlasts_it, 1.6, 1) {
  contract("Blocks until no task is in flight, without polling.");
  explore::gate gate;
  std::atomic<bool> returned = false;
  task_pool pool(1);
  pool.submit([&] { gate.wait(); });

  std::jthread closer =
      explore::actor("closer", [&] { pool.shutdown(); });
  std::jthread waiter = explore::actor("waiter", [&] {
    pool.wait_idle();
    returned = true;
  });
  explore::settle();
  EXPECT_FALSE(returned) << "the pool is closed, but a task is still "
                            "in flight";
  gate.open();
  closer.join();

  EXPECT_NO_THROW(pool.wait_idle())
      << "a closed pool is idle once its tasks have finished";
}

EXPLORED(pooling_shutdown, a_refused_closure_dies_unlocked, 1.6, 1) {
  contract("Throws, and has then changed nothing:");
  std::atomic<int> alive = 0;
  int locks = -1;
  task_pool pool(1);
  pool.shutdown();

  explore::payload held(
      &alive,
      [](void* at) { *static_cast<int*>(at) = explore::locks_held(); },
      &locks);
  EXPECT_THROW(pool.submit([held = std::move(held)] {}), pool_closed);

  EXPECT_EQ(alive, 0) << "the refused callable is still kept";
  EXPECT_EQ(locks, 0) << "the refused callable was destroyed while a "
                         "lock was held";
}

EXPLORED(pooling_shutdown, workers_may_be_called_during_shutdown, 1.6,
         1) {
  contract(
      "Any member may be called from any thread, also from a task of "
      "this pool where that is not excluded below.");
  task_pool pool(1);
  pool.submit([] {});
  std::jthread observer = explore::actor(
      "observer", [&] { EXPECT_LE(pool.workers(), 1U); });

  pool.shutdown();
}

// ---- Calls from inside -------------------------------------------------

EXPLORED(pooling_inside, a_task_may_submit, 1.6, 1) {
  contract(
      "Any member may be called from any thread, also from a task of "
      "this pool where that is not excluded below.");
  task_pool pool(2);

  std::future<int> outer = pool.submit(
      [&] { return pool.submit([] { return 20; }).get() + 1; });
  const int answer = outer.get();
  EXPECT_EQ(pool.workers(), 2U)
      << "one task in flight submitted another: that makes two, and "
         "each has its worker";
  pool.shutdown();

  EXPECT_EQ(answer, 21)
      << "there is room, so a task may submit like any other caller";
}

EXPLORED(pooling_inside, the_circle_of_one_is_refused, 1.6, 1) {
  contract(
      "std::system_error, resource_deadlock_would_occur: called "
      "inside while the pool is open and full and every other task "
      "in flight waits here for room.");
  task_pool pool(1);

  std::future<bool> refused = pool.submit(
      [&] { return would_deadlock([&] { pool.submit([] {}); }); });

  EXPECT_TRUE(refused.get())
      << "the only task in flight waits for room that only its own "
         "end can make; submit must say so";
}

EXPLORED(pooling_inside, only_the_last_of_a_circle_is_refused, 1.6, 1) {
  contract("Earlier ones keep waiting.");
  for (const int tasks : {2, 4}) {
    std::latch all(tasks);
    std::atomic<int> refused = 0;
    std::atomic<int> ran = 0;
    task_pool pool(static_cast<std::size_t>(tasks));
    const auto nest = [&] {
      all.arrive_and_wait();
      if (would_deadlock([&] { pool.submit([&] { ++ran; }); })) {
        ++refused;
      }
    };

    for (int i = 0; i < tasks; ++i) {
      pool.submit(nest);
    }
    pool.wait_idle();

    EXPECT_EQ(refused, 1)
        << tasks << " tasks filled the pool and all submitted: the "
        << "last one closes the circle, the others may wait";
    EXPECT_EQ(ran, tasks - 1)
        << "the tasks of the others run when there is room";
  }
}

EXPLORED(pooling_inside, no_circle_while_a_task_can_end, 1.6, 1) {
  contract(
      "std::system_error, resource_deadlock_would_occur: called "
      "inside while the pool is open and full and every other task "
      "in flight waits here for room.");
  std::atomic<bool> refused = false;
  task_pool pool(2);

  for (int round = 0; round < 2; ++round) {
    explore::gate start;
    explore::gate gate;
    pool.submit([&] { gate.wait(); });  // can end by itself
    pool.submit([&] {
      start.wait();
      refused = would_deadlock([&] { pool.submit([] {}); });
    });
    std::jthread outsider =
        explore::actor("outsider", [&] { pool.submit([] {}); });
    explore::settle();  // the outsider waits: it is not in flight
    start.open();
    explore::settle();
    gate.open();
    pool.wait_idle();

    EXPECT_FALSE(refused)
        << "a task that only had to wait was refused; a caller from "
           "outside, or a task that no longer waits, is no part of a "
           "circle";
  }
  pool.shutdown();
}

EXPLORED(pooling_inside, waiting_for_oneself_is_refused, 1.6, 1) {
  contract(
      "Called inside, throws std::system_error, "
      "resource_deadlock_would_occur.");
  task_pool pool(2);

  std::future<bool> idle = pool.submit(
      [&] { return would_deadlock([&] { pool.wait_idle(); }); });
  std::future<bool> shut = pool.submit(
      [&] { return would_deadlock([&] { pool.shutdown(); }); });

  EXPECT_TRUE(idle.get()) << "wait_idle would wait for its own task";
  EXPECT_TRUE(shut.get()) << "shutdown would join its own thread";
  EXPECT_NO_THROW(pool.submit([] {}))
      << "a shutdown that was refused closed the pool";
}

EXPLORED(pooling_inside, waiting_is_refused_while_closing, 1.6, 1) {
  contract(
      "Called inside, throws std::system_error, "
      "resource_deadlock_would_occur.");
  explore::gate gate;
  task_pool pool(1);
  std::future<bool> refused = pool.submit([&] {
    gate.wait();
    return would_deadlock([&] { pool.shutdown(); }) &&
           would_deadlock([&] { pool.wait_idle(); });
  });

  std::jthread closer =
      explore::actor("closer", [&] { pool.shutdown(); });
  explore::settle();  // closed; the task is still in flight
  gate.open();

  EXPECT_TRUE(refused.get())
      << "closed or not, a task that waits for its own end is refused";
}

EXPLORED(pooling_inside, a_failed_start_is_no_wait, 1.6, 1) {
  contract("Throws, and has then changed nothing:");
  explore::gate gate;
  std::atomic<bool> refused = false;
  task_pool pool(2);
  const auto submit_badly = [&] {
    try {
      explore::fail_thread_start();
      pool.submit([] {});
    } catch (const std::system_error&) {
    }
  };

  pool.submit([&] {
    submit_badly();
    pool.submit([&] { gate.wait(); });  // now the pool is full
    refused = would_deadlock([&] { pool.submit([] {}); });
  });
  explore::settle();
  gate.open();
  pool.wait_idle();

  EXPECT_FALSE(refused)
      << "a task whose submit had failed still counts as waiting";
  pool.shutdown();
}

EXPLORED(pooling_inside, a_closed_pool_comes_first, 1.6, 1) {
  contract("pool_closed: shutdown() was called, before or meanwhile.");
  explore::gate gate;
  task_pool pool(1);
  std::future<bool> closed = pool.submit([&] {
    gate.wait();
    return is_closed([&] { pool.submit([] {}); });
  });

  std::jthread closer =
      explore::actor("closer", [&] { pool.shutdown(); });
  explore::settle();  // closed; the task is still in flight
  gate.open();

  EXPECT_TRUE(closed.get())
      << "full and closed: a circle needs an open pool";
}

EXPLORED(pooling_inside, another_pools_task_is_outside, 1.6, 1) {
  contract(
      "\"Inside\" means: on the worker that runs a task of this pool, "
      "until the callable and the arguments are destroyed.");
  task_pool outer(1);
  task_pool inner(1);
  inner.submit([] {});

  std::future<bool> refused = outer.submit([&] {
    return would_deadlock([&] {
      inner.wait_idle();
      inner.submit([] {});
      inner.shutdown();
    });
  });

  EXPECT_FALSE(refused.get())
      << "a task of another pool may wait for this one; does a worker "
         "know which pool is its own?";
}

EXPLORED(pooling_inside, a_circle_after_a_submit_from_inside, 1.6, 1) {
  contract(
      "While in_flight_ == max_workers_, blocked_inside_ is less: "
      "some task in flight can still end on its own.");
  std::latch both(2);
  std::atomic<int> refused = 0;
  std::atomic<int> ran = 0;
  task_pool pool(2);
  pool.submit([&] { pool.submit([] {}); });  // there is room
  explore::settle();
  const auto nest = [&] {
    both.arrive_and_wait();
    if (would_deadlock([&] { pool.submit([&] { ++ran; }); })) {
      ++refused;
    }
  };

  pool.submit(nest);
  pool.submit(nest);
  pool.wait_idle();

  EXPECT_EQ(refused, 1)
      << "an earlier submit from inside had succeeded; is it still "
         "counted as waiting, or as less than none?";
  EXPECT_EQ(ran, 1);

  explore::gate gate;
  pool.submit([&] { gate.wait(); });
  pool.submit([&] {
    refused += would_deadlock([&] { pool.submit([] {}); }) ? 1 : 0;
  });
  explore::settle();
  gate.open();
  pool.wait_idle();
  EXPECT_EQ(refused, 1)
      << "a submit that had been refused still counts as waiting";
}

EXPLORED(pooling_inside, missing_memory_is_no_wait, 1.6, 1,
         .schedules = 20) {
  contract("what storing `f` or `args` throws, and std::bad_alloc.");
  bool accepted = false;

  for (std::size_t before = 0; !accepted && before < 20; ++before) {
    explore::gate gate;
    std::atomic<bool> refused = false;
    task_pool pool(2);
    pool.submit([&] {
      try {
        const explore::missing_block missing(before);
        pool.submit([&] { gate.wait(); });
        accepted = true;
      } catch (const std::bad_alloc&) {
        pool.submit([&] { gate.wait(); });
      }
      refused = would_deadlock([&] { pool.submit([] {}); });
    });
    explore::settle();
    gate.open();
    pool.wait_idle();
    pool.shutdown();

    EXPECT_FALSE(refused) << "allocation " << before + 1
                          << " failed in a submit from inside, and its "
                             "task still counts as waiting";
  }
}

// Calls the pool from a destructor.
struct last_call {
  task_pool* pool;
  bool idle_refused = false;
  bool shutdown_refused = false;
};

EXPLORED(pooling_inside, a_destructor_of_a_task_is_inside, 1.6, 1) {
  contract(
      "\"Inside\" means: on the worker that runs a task of this pool, "
      "until the callable and the arguments are destroyed.");
  std::atomic<int> alive = 0;
  task_pool pool(1);
  last_call seen{&pool};
  const auto call_pool = [](void* context) {
    auto* const to = static_cast<last_call*>(context);
    to->idle_refused = would_deadlock([&] { to->pool->wait_idle(); });
    to->shutdown_refused =
        would_deadlock([&] { to->pool->shutdown(); });
  };

  pool.submit([held = explore::payload(&alive, call_pool, &seen)] {});
  pool.wait_idle();

  EXPECT_TRUE(seen.idle_refused && seen.shutdown_refused)
      << "the destructor of what a task captured belongs to the task: "
         "it would wait for itself";
}

}  // namespace
}  // namespace workbook::step_6
