// Step 7.4: exceptions, waiting for idleness, and the end.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook::step_4 {
namespace {

using std::chrono::seconds;

std::string words_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& each) {
    return each.what();
  } catch (int) {
    return "an int";
  }
}

EXPLORED(elastic_end, the_worker_survives, 7.4, 1) {
  contract("A worker survives every exception of a task.");
  std::vector<std::string> told;
  pool_stats now;
  {
    pool one({.capacity = 1,
              .on_exception = [&](const std::exception_ptr& error) {
                told.push_back(words_of(error));
              }});
    EXPECT_EQ(one.submit([] { throw std::runtime_error("first"); }),
              submit_result::accepted);
    EXPECT_EQ(one.submit([] { throw 2; }), submit_result::accepted);
    EXPECT_EQ(one.submit([] {}), submit_result::accepted);
    explore::settle();
    now = one.stats();
  }
  EXPECT_EQ(told, (std::vector<std::string>{"first", "an int"}));
  EXPECT_EQ(now.spawned, 1U) << "an exception has ended a worker";
  EXPECT_EQ(now.failed, 2U);
  EXPECT_EQ(now.completed, 1U);
}

EXPLORED(elastic_end, the_handler_may_use_the_pool, 7.4, 1) {
  contract("on the worker that ran it, while no lock is held");
  pool* at = nullptr;
  std::atomic<int> locks = -1;
  std::atomic<std::size_t> unfinished = 0;
  std::atomic<bool> same = false;
  std::atomic<std::thread::id> ran_on;
  {
    pool one({.capacity = 1, .on_exception = [&](std::exception_ptr) {
                locks = explore::locks_held();
                unfinished = at->stats().unfinished;
                same = ran_on.load() == std::this_thread::get_id();
              }});
    at = &one;
    EXPECT_EQ(one.submit([&] {
      ran_on = std::this_thread::get_id();
      throw 1;
    }),
              submit_result::accepted);
  }
  EXPECT_EQ(locks, 0) << "the handler was called under a lock";
  EXPECT_EQ(unfinished, 1U) << "the task has not ended yet";
  EXPECT_TRUE(same);
}

GRADED(elastic_end, an_exception_that_nobody_handles, 7.4, 1) {
  contract(
      "Without it, and if it throws, the exception of a task ends the "
      "program.");
  pool({.capacity = 1}).shutdown(shutdown_mode::drain);

  const auto unhandled = [] {
    pool one({.capacity = 1});
    (void)one.submit([] {
      std::fputs("the task\n", stderr);
      throw 1;
    });
  };
  const auto handler_throws = [] {
    pool one({.capacity = 1,
              .on_exception = [](const std::exception_ptr& error) {
                std::fputs("the handler\n", stderr);
                std::rethrow_exception(error);
              }});
    (void)one.submit([] { throw 1; });
  };

  EXPECT_DEATH(unhandled(), "the task");
  EXPECT_DEATH(handler_throws(), "the handler");
}

EXPLORED(elastic_end, drain_runs_what_was_accepted, 7.4, 1) {
  contract("it waits until they have run");
  std::atomic<int> ran = 0;
  pool three({.capacity = 3});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(three.submit([&] { ++ran; }), submit_result::accepted);
  }

  const auto unrun = three.shutdown(shutdown_mode::drain);
  const int alive = explore::threads_alive();

  EXPECT_EQ(ran, 3) << "shutdown came back, and a task has not run";
  EXPECT_TRUE(unrun.empty());
  EXPECT_EQ(alive, 0) << "a worker was not joined";
  EXPECT_EQ(three.stats().workers, 0U);
}

EXPLORED(elastic_end, waiting_submitters_return_closed, 7.4, 1) {
  contract("submitters that wait return closed");
  explore::gate gate;
  std::atomic<int> closed = 0;
  pool one({.capacity = 1});
  occupy(one, gate);
  const auto submit = [&] {
    pool::task job([] {});
    const submit_result result = one.submit(std::move(job));
    closed += result == submit_result::closed && job ? 1 : 0;
  };

  std::jthread first(submit);
  std::jthread second(submit);
  explore::settle();
  std::jthread closer(
      [&] { (void)one.shutdown(shutdown_mode::drain); });
  explore::settle();
  const int woken = closed;
  gate.open();

  EXPECT_EQ(woken, 2) << "two submitters waited when the pool was shut "
                         "down; each returns at once, with its task";
}

EXPLORED(elastic_end, a_closed_pool_accepts_nothing, 7.4, 1) {
  contract("Returns closed if the pool is not open");
  std::stop_source stopped;
  stopped.request_stop();
  pool one({.capacity = 1, .max_blocking = 0, .nonblocking = true});
  (void)one.shutdown(shutdown_mode::discard);
  pool::task job([] {});

  EXPECT_EQ(one.submit(std::move(job)), submit_result::closed)
      << "the pool is not overloaded, it is closed";
  EXPECT_EQ(one.submit(std::move(job), stopped.get_token()),
            submit_result::closed);
  EXPECT_EQ(one.submit_until(std::move(job), pool::time_point::min()),
            submit_result::closed);
  EXPECT_EQ(one.submit_batch({&job, 1}).status, submit_result::closed);
  EXPECT_TRUE(job);
  EXPECT_EQ(one.stats().rejected, 4U);
}

EXPLORED(elastic_end, a_racing_submit_is_accepted_or_closed, 7.4, 1) {
  contract("or is shut down meanwhile");
  std::atomic<int> accepted = 0;
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  const auto submit = [&] {
    const auto result = one.submit([&] { ++ran; });
    accepted += result == submit_result::accepted ? 1 : 0;
  };

  {
    std::jthread first(submit);
    std::jthread second(submit);
    (void)one.shutdown(shutdown_mode::drain);
    EXPECT_EQ(one.stats().workers, 0U);
  }

  EXPECT_EQ(ran, accepted)
      << "a task runs if and only if it was accepted";
}

EXPLORED(elastic_end, discard_returns_what_never_ran, 7.4, 1) {
  contract("returns the accepted tasks that have not begun");
  std::atomic<int> ran = 0;
  pool three({.capacity = 3});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(three.submit([&] { ++ran; }), submit_result::accepted);
  }

  auto unrun = three.shutdown(shutdown_mode::discard);
  const int before = ran;
  const pool_stats now = three.stats();
  for (pool::task& each : unrun) {
    each();
  }

  EXPECT_EQ(ran, 3) << "a task is lost";
  EXPECT_EQ(static_cast<std::size_t>(before), now.completed)
      << "a returned task had been run by the pool";
  EXPECT_EQ(now.returned, unrun.size());
  EXPECT_EQ(now.accepted, now.completed + now.failed + now.returned);
  EXPECT_EQ(now.unfinished, 0U);
  EXPECT_EQ(now.workers, 0U);
}

EXPLORED(elastic_end, shutdown_is_idempotent, 7.4, 1) {
  contract("Idempotent; every caller blocks that long.");
  explore::gate gate;
  std::atomic<int> returned = 0;
  pool one({.capacity = 1});
  occupy(one, gate);
  const auto shut_down = [&](shutdown_mode mode) {
    EXPECT_TRUE(one.shutdown(mode).empty());
    EXPECT_EQ(one.stats().workers, 0U);
    ++returned;
  };

  {
    std::jthread first([&] { shut_down(shutdown_mode::drain); });
    std::jthread second([&] { shut_down(shutdown_mode::discard); });
    explore::settle();
    EXPECT_EQ(returned, 0) << "a task runs, and shutdown came back";
    gate.open();
  }
  shut_down(shutdown_mode::drain);

  EXPECT_EQ(returned, 3);
}

EXPLORED(elastic_end, every_shutdown_waits_for_the_join, 7.4, 1) {
  contract("every caller blocks that long");
  pool two({.capacity = 2});
  EXPECT_EQ(two.submit([] {}), submit_result::accepted);
  EXPECT_EQ(two.submit([] {}), submit_result::accepted);
  std::atomic<int> left = 0;

  std::jthread other([&] {
    (void)two.shutdown(shutdown_mode::drain);
    left += explore::threads_alive() - 1;
  });
  (void)two.shutdown(shutdown_mode::drain);
  const int alive = explore::threads_alive();
  other.join();

  EXPECT_LE(alive, 1) << "a worker is alive, and shutdown came back";
  EXPECT_EQ(left, 0);
}

EXPLORED(elastic_end, shutdown_inside_is_refused, 7.4, 1) {
  contract("Called inside, throws std::system_error");
  std::error_code refused;
  std::error_code waited;
  std::string words;
  {
    pool one({.capacity = 1, .name = "the front"});
    EXPECT_EQ(one.submit([&] {
      try {
        (void)one.shutdown(shutdown_mode::discard);
      } catch (const std::system_error& error) {
        refused = error.code();
        words = error.what();
      }
      try {
        (void)one.wait_idle_until(pool::time_point::max());
      } catch (const std::system_error& error) {
        waited = error.code();
      }
    }),
              submit_result::accepted);
    explore::settle();
    EXPECT_EQ(one.submit([] {}), submit_result::accepted);
    EXPECT_TRUE(one.shutdown(shutdown_mode::drain).empty());
  }
  EXPECT_EQ(refused, std::errc::resource_deadlock_would_occur);
  EXPECT_EQ(waited, std::errc::resource_deadlock_would_occur);
  EXPECT_TRUE(words.starts_with("the front"))
      << "the name begins the message of every exception: " << words;
}

EXPLORED(elastic_end, another_pool_is_not_inside, 7.4, 1) {
  contract("\"Inside\" means: called by a task of this pool.");
  std::atomic<bool> ended = false;
  pool outer({.capacity = 1});
  pool inner({.capacity = 1});
  EXPECT_EQ(outer.submit([&] {
    (void)inner.shutdown(shutdown_mode::drain);
    ended = true;
  }),
            submit_result::accepted);
  (void)outer.shutdown(shutdown_mode::drain);

  EXPECT_TRUE(ended);
}

EXPLORED(elastic_end, idleness_can_be_waited_for, 7.4, 1) {
  contract("Blocks until no accepted task is unfinished");
  explore::gate gate;
  std::atomic<int> ran = 0;
  pool two({.capacity = 2});
  EXPECT_TRUE(two.wait_idle_until(pool::time_point::min()))
      << "nothing was accepted";
  EXPECT_EQ(two.submit([&] { ++ran; }), submit_result::accepted);
  EXPECT_EQ(two.submit([&] {
    gate.wait();
    ++ran;
  }),
            submit_result::accepted);
  std::jthread opener([&] { gate.open(); });

  std::atomic<int> seen = 0;
  std::jthread other([&] {
    (void)two.wait_idle_until(pool::time_point::max());
    seen += ran;
  });
  const bool idle = two.wait_idle_until(pool::time_point::max());
  const int before = ran;
  other.join();

  EXPECT_TRUE(idle);
  EXPECT_EQ(before, 2) << "the pool was not idle";
  EXPECT_EQ(seen, 2);
}

EXPLORED(elastic_end, idleness_may_not_come_in_time, 7.4, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("or until `deadline` has passed, and returns whether");
  explore::gate gate;
  pool one({.capacity = 1});
  occupy(one, gate);

  const bool idle = one.wait_idle_until(
      std::chrono::steady_clock::now() + seconds(2));
  const auto when = explore::now();
  gate.open();

  EXPECT_FALSE(idle);
  EXPECT_EQ(when, seconds(2));
}

EXPLORED(elastic_end, the_destructor_drains, 7.4, 0) {
  contract("Shuts the pool down as shutdown(drain) does.");
  std::atomic<int> ran = 0;
  std::atomic<bool> inner_closed = false;
  {
    pool one({.capacity = 1});
    EXPECT_EQ(one.submit([&] {
      explore::settle();  // the destructor waits
      inner_closed = one.submit([] {}) == submit_result::closed;
      ++ran;
    }),
              submit_result::accepted);
  }
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(inner_closed) << "a closing pool has accepted a task";
}

EXPLORED(elastic_end, no_memory_for_the_returned, 7.4, 0) {
  contract("returns the accepted tasks that have not begun");
  std::atomic<int> ran = 0;
  pool two({.capacity = 2});
  EXPECT_EQ(two.submit([&] { ++ran; }), submit_result::accepted);
  EXPECT_EQ(two.submit([&] { ++ran; }), submit_result::accepted);

  std::vector<pool::task> unrun;
  try {
    const explore::missing_block missing(0);
    unrun = two.shutdown(shutdown_mode::discard);
  } catch (const std::bad_alloc&) {
    unrun = two.shutdown(shutdown_mode::discard);
  }
  for (pool::task& each : unrun) {
    each();
  }

  EXPECT_EQ(ran, 2) << "tasks are lost if an allocation fails";
}

}  // namespace
}  // namespace workbook::step_4
