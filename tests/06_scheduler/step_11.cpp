// Step 6.11: blocking calls and the monitor.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include "grading/grading.hpp"
#include "on_one.hpp"
#include "wait_group.hpp"

namespace workbook::gmp::step_11 {
namespace {

using namespace std::chrono_literals;
using namespace testing_kit;

EXPLORED(gmp_blocking, gives_the_processor_away, 6.11, 2,
         .schedules = 100) {
  contract("so that other goroutines");
  explore::gate table;
  scheduler all(several(1));
  int result = 0;

  all.run([&] {
    handle opener = go([&] { table.open(); });
    result = blocking([&] {
      table.wait();  // which the other goroutine opens
      return 7;
    });
    opener.join();
  });

  EXPECT_EQ(result, 7) << "Returns what f returns";
}

EXPLORED(gmp_blocking, throws_what_f_throws, 6.11, 1, .schedules = 50) {
  contract("throws what it throws");
  scheduler all(several(1));
  bool caught = false;

  all.run([&] {
    try {
      blocking([] { throw std::runtime_error("blocked"); });
    } catch (const std::runtime_error&) {
      caught = true;
    }
  });

  EXPECT_TRUE(caught);
}

GRADED(gmp_monitor, asks_after_ten_milliseconds, 6.11, 2) {
  contract("put it at the tail of the global queue");
  history happened;

  run_on_one([&] {
    handle other = go([&] { happened.push_back("other"); });
    scheduler& home = here()->home;
    home.look_after_processors();
    home.look_after_processors();  // no pick in between
    happened.push_back("asked");
    { const runtime_call next; }
    happened.push_back("back");
    other.join();
  });

  EXPECT_EQ(happened, (history{"asked", "other", "back"}))
      << "a goroutine that was asked gives way at its next call";
}

GRADED(gmp_monitor, does_not_disturb_without_need, 6.11, 1) {
  contract("What the monitor does every 10 ms.");
  bool asked = true;

  run_on_one([&] {
    blocking([] {});  // and has its processor again
    processor& p = runtime_call::here_and_now();
    p.home.look_after_processors();
    p.home.look_after_processors();
    asked = p.asked.load() != request::none;
  });

  EXPECT_FALSE(asked) << "nothing waits: nobody need give way";
}

}  // namespace
}  // namespace workbook::gmp::step_11
