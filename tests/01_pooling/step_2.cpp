// Step 1.2: results and exceptions.

#include <algorithm>
#include <future>
#include <stdexcept>
#include <string>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook::step_2 {
namespace {

EXPLORED(pooling_result, a_value_reaches_the_caller, 1.2, 3) {
  contract(
      "The future gets its value or its exception, and the worker "
      "lives on.");
  task_pool pool(1);

  std::future<int> sum =
      pool.submit([](int a, int b) { return a + b; }, 2, 3);
  std::future<void> nothing = pool.submit([] {});

  EXPECT_EQ(sum.get(), 5)
      << "the value that f returned is what get() returns";
  EXPECT_NO_THROW(nothing.get())
      << "a task that returns nothing completes its future as well";
}

// Derived, as most of what is thrown.
struct missing_file : std::runtime_error {
  explicit missing_file(int at)
      : std::runtime_error("no such file"), line(at) {}
  int line;
};

EXPLORED(pooling_result, an_exception_reaches_the_caller, 1.2, 3) {
  contract(
      "The future gets its value or its exception, and the worker "
      "lives on.");
  task_pool pool(1);
  std::string message;

  std::future<void> failed = pool.submit([] { throw missing_file(7); });
  try {
    failed.get();
  } catch (const missing_file& error) {
    message = error.what() + std::to_string(error.line);
  } catch (const std::runtime_error&) {
    message = "another exception";
  }

  EXPECT_EQ(message, "no such file7")
      << "a task that failed must not look like one that succeeded; "
         "get() throws what the task threw, not a part of it";
}

EXPLORED(pooling_result, the_worker_survives_an_exception, 1.2, 2) {
  contract(
      "The future gets its value or its exception, and the worker "
      "lives on.");
  task_pool pool(1);

  std::future<int> failed = pool.submit([]() -> int { throw 404; });
  std::future<int> next = pool.submit([] { return 7; });

  EXPECT_EQ(next.get(), 7)
      << "the task after the one that failed was not run properly";
  EXPECT_THROW(failed.get(), int)
      << "not all that is thrown is a std::exception";
  EXPECT_EQ(explore::threads_started(), 1)
      << "an exception must not end the worker, nor cost a new thread";
}

EXPLORED(pooling_result, arguments_are_copied_at_submit, 1.2, 1) {
  contract(
      "`f` and `args` are moved or copied first and passed as "
      "rvalues, as std::async does.");
  explore::gate gate;
  task_pool pool(1);
  std::string word = "early";

  std::future<std::string> got = pool.submit(
      [&gate](const std::string& copy) {
        gate.wait();
        return copy;
      },
      word);
  word = "late";
  gate.open();

  EXPECT_EQ(got.get(), "early")
      << "the task saw a change made after submit; it holds a "
         "reference to its argument, not a copy";
}

// Records, whenever it is moved, how many locks the mover holds.
struct witness {
  explicit witness(int* seen) : most_locks(seen) {}
  witness(witness&& other) noexcept : most_locks(other.most_locks) {
    *most_locks = std::max(*most_locks, explore::locks_held());
  }
  int* most_locks;
};

EXPLORED(pooling_result, a_value_is_stored_without_a_lock, 1.2, 1) {
  contract(
      "The future gets its value or its exception, and the worker "
      "lives on.");
  int most_locks = 0;
  task_pool pool(1);

  pool.submit([&] { return witness(&most_locks); }).get();

  EXPECT_EQ(most_locks, 0)
      << "the result was moved while a lock was held: the caller's "
         "code ran under the pool's mutex, and may call the pool";
}

EXPLORED(pooling_result, a_kept_future_keeps_no_closure, 1.2, 3) {
  contract(
      "They are destroyed before the task is counted out; get() may "
      "return earlier than that.");
  std::atomic<int> alive = 0;
  std::future<void> kept;

  {
    task_pool pool(1);
    kept = pool.submit(
        [held = explore::payload(&alive)](const explore::payload&) {},
        explore::payload(&alive));
  }

  EXPECT_EQ(alive, 0)
      << "the task is done and the pool is destroyed, but its callable "
         "or its argument is alive: does the future own them?";
  EXPECT_NO_THROW(kept.get());
}

// Which overload was called: 1 for an lvalue, 2 for an rvalue.
struct overloaded {
  int operator()() & { return 1; }
  int operator()() && { return 2; }
};

EXPLORED(pooling_result, the_callable_is_passed_as_rvalue, 1.2, 1) {
  contract(
      "`f` and `args` are moved or copied first and passed as rvalues, "
      "as std::async does.");
  task_pool pool(1);
  overloaded callable;

  EXPECT_EQ(pool.submit(callable).get(), 2)
      << "std::async calls its copy of f as an rvalue";
  EXPECT_EQ(pool.submit(overloaded()).get(), 2);
  EXPECT_EQ(
      pool.submit([](std::string&& own) { return own.size() == 3; },
                  "own")
          .get(),
      1)
      << "std::async passes its copies of args as rvalues";
}

EXPLORED(pooling_result, a_callable_of_the_caller_is_copied, 1.2, 1) {
  contract(
      "`f` and `args` are moved or copied first and passed as rvalues, "
      "as std::async does.");
  task_pool pool(1);
  const std::string word = "a word that is too long for its object";
  std::string argument = word;
  const auto callable = [word](const std::string& other) {
    return word == other;
  };

  EXPECT_TRUE(pool.submit(callable, argument).get());
  EXPECT_TRUE(pool.submit(callable, argument).get())
      << "the second submit passed what the first had left";
  EXPECT_EQ(argument, word)
      << "an lvalue is copied; submit moved from the caller's argument";
}

}  // namespace
}  // namespace workbook::step_2
