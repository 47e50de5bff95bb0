// Step 4.4: exceptions of tasks.

#include <atomic>
#include <cstdio>
#include <exception>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook::step_4 {
namespace {

void fail(const char* words) {
  throw std::runtime_error(words);
}

// What shutdown throws, or "" if it throws nothing.
std::string thrown_by_shutdown(worker_pool& pool) {
  try {
    pool.shutdown();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

EXPLORED(worker_exception, the_worker_lives_on, 4.4, 2) {
  contract("An exception of a task does not end its worker.");
  contract("A worker destroys each task before it waits for the next");
  std::atomic<bool> ran = false;
  std::atomic<int> alive = 0;
  explore::payload held(&alive);
  worker_pool pool(1);

  EXPECT_EQ(pool.run([held = std::move(held)] { fail("lost"); }),
            run_status::ok);
  explore::settle();
  EXPECT_EQ(alive, 0) << "a task that failed is kept";
  EXPECT_EQ(pool.run([&] { ran = true; }), run_status::ok);
  (void)thrown_by_shutdown(pool);

  EXPECT_TRUE(ran) << "the task after the one that failed did not run";
  EXPECT_EQ(explore::threads_started(), 1)
      << "an exception must neither end the worker nor cost a thread";
}

EXPLORED(worker_exception, the_first_shutdown_throws_it, 4.4, 2) {
  contract(
      "Without a handler, the first call then throws the first "
      "exception of a task; later calls do not throw.");
  worker_pool pool(1);
  EXPECT_EQ(pool.run([] { fail("first"); }), run_status::ok);
  EXPECT_EQ(pool.run([] { fail("second"); }), run_status::ok);

  const std::string thrown = thrown_by_shutdown(pool);
  const int alive = explore::threads_alive();
  const std::string later = thrown_by_shutdown(pool);

  EXPECT_EQ(thrown, "first")
      << "the first failure is usually the cause of the others; a "
         "later one must not replace it";
  EXPECT_EQ(later, "") << "a later call must not throw";
  EXPECT_EQ(alive, 0)
      << "shutdown threw before it had joined the workers";
}

EXPLORED(worker_exception, one_of_two_shutdowns_throws, 4.4, 2) {
  contract("later calls do not throw.");
  std::atomic<int> thrown = 0;
  worker_pool pool(2);
  EXPECT_EQ(pool.run([] { fail("one"); }), run_status::ok);
  EXPECT_EQ(pool.run([] { fail("other"); }), run_status::ok);
  const auto close = [&] {
    thrown += thrown_by_shutdown(pool).empty() ? 0 : 1;
  };

  {
    std::jthread one(close);
    std::jthread other(close);
  }

  EXPECT_EQ(thrown, 1)
      << "two calls met; only one throws the exception";
}

EXPLORED(worker_exception, a_handler_gets_every_one, 4.4, 2) {
  contract(
      "Called with the exception of a task, on the worker that ran it, "
      "without a lock.");
  std::atomic<int> handled = 0;
  std::atomic<int> locks = 0;
  std::atomic<int> strangers = 0;
  worker_pool pool(2, [&](const std::exception_ptr& error) {
    locks += explore::locks_held();
    try {
      std::rethrow_exception(error);
    } catch (const std::thread::id& ran_on) {
      ++handled;
      strangers += std::this_thread::get_id() == ran_on ? 0 : 1;
    } catch (...) {  // not what the task threw
    }
  });
  std::atomic<int> alive = 0;
  const auto throw_id = [] { throw std::this_thread::get_id(); };

  EXPECT_EQ(pool.run(throw_id), run_status::ok);
  EXPECT_EQ(pool.run([throw_id, held = explore::payload(&alive)] {
    throw_id();
  }),
            run_status::ok);
  explore::settle();
  EXPECT_EQ(alive, 0) << "a task that failed is kept";

  EXPECT_EQ(thrown_by_shutdown(pool), "")
      << "the handler has it already";
  EXPECT_EQ(handled, 2)
      << "every exception goes to the handler, as it was thrown";
  EXPECT_EQ(locks, 0) << "the handler ran while a lock was held";
  EXPECT_EQ(strangers, 0) << "the handler ran on another thread";
}

EXPLORED(worker_exception, anything_may_be_thrown, 4.4, 1) {
  contract("An exception of a task does not end its worker.");
  int thrown = 0;
  worker_pool pool(1);

  EXPECT_EQ(pool.run([] { throw 42; }), run_status::ok);
  EXPECT_EQ(pool.run([] {}), run_status::ok);
  try {
    pool.shutdown();
  } catch (int number) {
    thrown = number;
  }

  EXPECT_EQ(thrown, 42)
      << "a task may throw what is not a std::exception; shutdown "
         "throws it like any other";
}

EXPLORED(worker_exception, two_handlers_run_at_once, 4.4, 1) {
  contract("Several workers may call it at the same time.");
  std::latch meeting(2);
  worker_pool pool(2, [&](const std::exception_ptr&) {
    meeting.arrive_and_wait();  // hangs if they take turns
  });

  EXPECT_EQ(pool.run([] { fail("one"); }), run_status::ok);
  EXPECT_EQ(pool.run([] { fail("other"); }), run_status::ok);
  pool.shutdown();

  EXPECT_TRUE(meeting.try_wait());
}

GRADED(worker_exception, a_handler_must_not_throw, 4.4, 1) {
  contract("If it throws, std::terminate is called.");
  worker_pool(1).shutdown();  // no task failed: no exception

  const auto throw_on = [] {
    worker_pool pool(1, [](const std::exception_ptr& error) {
      std::fputs("the handler\n", stderr);
      std::rethrow_exception(error);
    });
    (void)pool.run([] { fail("a task"); });
  };

  EXPECT_DEATH(throw_on(), "the handler")
      << "the handler threw, and the pool dropped the exception";
  const auto throw_number = [] {
    worker_pool pool(1, [](const std::exception_ptr&) {
      std::fputs("a number\n", stderr);
      throw 42;
    });
    (void)pool.run([] { fail("a task"); });
  };
  EXPECT_DEATH(throw_number(), "a number")
      << "the handler threw what is not a std::exception";
}

GRADED(worker_exception, nobody_fetched_it, 4.4, 1) {
  contract(
      "If a task's exception was neither handled nor thrown by "
      "shutdown(), it calls std::terminate.");
  contract(
      "Everything that the workers use is constructed before the first "
      "of them starts and destroyed after the last has ended.");
  worker_pool(1).shutdown();  // no task failed: no exception

  const auto forget = [] {
    {
      worker_pool pool(1);
      (void)pool.run([] { fail("nobody looked"); });
      (void)pool.run([] { std::fputs("lives on\n", stderr); });
    }
    std::fputs("swallowed\n", stderr);
  };

  EXPECT_DEATH(forget(), "lives on")
      << "a task failed, shutdown was not called, and the destructor "
         "dropped the exception";
}

}  // namespace
}  // namespace workbook::step_4
