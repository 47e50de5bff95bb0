// Step 6.3: one processor, first in, first out; yield and join.

#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "gmp.hpp"
#include "grading/grading.hpp"
#include "on_one.hpp"

namespace workbook::gmp::step_3 {
namespace {

using namespace testing_kit;

GRADED(gmp_yield, lets_the_others_run_first, 6.3, 1) {
  contract("Lets the others run that wait in the local queue");
  contract(
      "Starts f() as a goroutine, at the tail of the local run queue; "
      "the");
  history happened;

  run_on_one([&] {
    std::vector<handle> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back(go([&happened, i] {
        for (int turn = 0; turn < 2; ++turn) {
          happened.push_back(std::to_string(i) + std::to_string(turn));
          yield();
        }
      }));
    }
    for (handle& each : all) {
      each.join();
    }
  });

  EXPECT_EQ(happened, (history{"00", "10", "20", "01", "11", "21"}));
}

EXPLORED(gmp_run, fails_without_a_thread_for_the_monitor, 6.3, 1,
         .schedules = 20) {
  contract("std::system_error if the monitor's thread cannot be");
  options watched = several(1);
  watched.monitor = true;
  scheduler fails(watched);
  bool ran = false;

  explore::fail_thread_start();
  EXPECT_THROW((void)fails.run([] {}), std::system_error);
  scheduler next(several(1));
  next.run([&] {
    yield();
    ran = true;
  });

  EXPECT_TRUE(ran) << "the calling thread is still the failed one's";
}

GRADED(gmp_join, waits_for_the_end, 6.3, 2) {
  contract("Blocks the calling goroutine until this one has ended");
  contract("At most once; joinable() is false then.");
  contract("Whether join may be called.");
  history happened;

  run_on_one([&] {
    handle child = go([&] {
      yield();
      happened.push_back("child");
    });
    child.join();
    happened.push_back("joined");
    EXPECT_FALSE(child.joinable());
  });

  EXPECT_EQ(happened, (history{"child", "joined"}));
}

GRADED(gmp_join, rethrows, 6.3, 1) {
  contract("then rethrows what it threw");
  std::string caught;

  run_on_one([&] {
    try {
      go([] { throw std::runtime_error("from the child"); }).join();
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
  });

  EXPECT_EQ(caught, "from the child");
}

GRADED(gmp_join, a_dropped_handle_waits_for_nobody, 6.3, 1) {
  contract("the goroutine goes on, and nobody waits for it");
  contract(
      "Gets the exception of a goroutine whose handle was dropped.");
  int ran = 0;
  int reported = 0;
  options wanted = one_processor();
  wanted.on_error = [&](std::exception_ptr) { ++reported; };

  const auto left = run_on_one(
      [&] {
        (void)go([&] {
          ++ran;
          throw 1;
        });
        EXPECT_EQ(ran, 0) << "go waited";
        yield();
      },
      wanted);

  EXPECT_EQ(ran, 1);
  EXPECT_EQ(reported, 1) << "an exception of nobody's is lost";
  EXPECT_TRUE(left.empty());
}

// Two goroutines are inside a catch block at the same time.
GRADED(gmp_yield, keeps_caught_exceptions_apart, 6.3, 2) {
  contract("what belongs to a goroutine: those that it has caught");
  history happened;

  run_on_one([&] {
    const auto fail = [&](const char* name) {
      try {
        throw std::runtime_error(name);
      } catch (...) {
        yield();
        try {
          throw;
        } catch (const std::runtime_error& error) {
          happened.push_back(error.what());
        }
      }
    };
    handle one = go([&] { fail("one"); });
    handle two = go([&] { fail("two"); });
    one.join();
    two.join();
  });

  EXPECT_EQ(happened, (history{"one", "two"}))
      << "`throw;` rethrew another goroutine's exception";
}

}  // namespace
}  // namespace workbook::gmp::step_3
