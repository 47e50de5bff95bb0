// Step 6.11: blocking calls and the monitor.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "channel.hpp"
#include "grading/grading.hpp"
#include "on_one.hpp"
#include "wait_group.hpp"

namespace workbook::gmp::step_11 {
namespace {

using namespace std::chrono_literals;
using namespace testing_kit;

EXPLORED(gmp_blocking, gives_the_processor_away, 6.11, 1,
         .schedules = 100) {
  contract("so that other goroutines");
  contract("Gives the processor of `m` away, for a blocking call.");
  contract(
      "Gets a processor back for the machine of the calling "
      "goroutine,");
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
  bool holds = false;

  all.run([&] {
    try {
      blocking([] { throw std::runtime_error("blocked"); });
    } catch (const std::runtime_error&) {
      caught = true;
      holds = here()->holds.load() != nullptr;
    }
  });

  EXPECT_TRUE(caught);
  EXPECT_TRUE(holds) << "it goes on without a processor";
}

EXPLORED(gmp_blocking, is_not_taken_for_one_that_goes_on, 6.11, 1,
         .schedules = 50) {
  contract("Throws deadlock if every goroutine waits");
  scheduler all(one_processor());
  channel<int> quiet;
  bool found = false;

  try {
    all.run([&] {
      blocking([] {});
      (void)quiet.receive();
    });
  } catch (const deadlock&) {
    found = true;
  }

  EXPECT_TRUE(found);
}

EXPLORED(gmp_blocking, keeps_the_processor_without_a_thread, 6.11, 1,
         .schedules = 50) {
  contract("the processor is kept, and they wait");
  scheduler all(several(1));
  std::atomic<bool> ran = false;  // natively, a thread does start
  bool ran_meanwhile = true;
  bool kept = false;

  all.run([&] {
    handle other = go([&] { ran = true; });
    explore::fail_thread_start();
    blocking([&] {
      ran_meanwhile = ran;
      kept = here()->holds.load() != nullptr;
    });
    other.join();
  });

  EXPECT_TRUE(ran);
  EXPECT_FALSE(ran_meanwhile);
  EXPECT_TRUE(kept);
}

// A machine that looks for work in vain lies down, while a blocking call
// looks for a machine that takes its processor.
EXPLORED(gmp_blocking, wakes_one_that_is_about_to_sleep, 6.11, 1,
         .schedules = 300) {
  contract("then a machine spins or is being woken");
  scheduler all(several(2));
  std::atomic<bool> ran = false;

  all.run([&] {
    for (int i = 0; i < 2; ++i) {
      (void)go([] {});  // another machine looks for work
      blocking([] {});
    }
    (void)go([&] { ran = true; });
    while (!ran) {
      std::this_thread::yield();  // only another machine can run it
    }
  });

  EXPECT_TRUE(ran);
}

GRADED(gmp_monitor, asks_after_ten_milliseconds, 6.11, 1) {
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
