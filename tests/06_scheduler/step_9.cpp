// Step 6.9: timers, a virtual clock, the deadlock report.

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "grading/grading.hpp"
#include "mutex.hpp"
#include "on_one.hpp"
#include "select.hpp"

namespace workbook::gmp::step_9 {
namespace {

using namespace std::chrono_literals;
using namespace testing_kit;

GRADED(gmp_time, passes_when_nobody_can_run, 6.9, 2) {
  contract("Time passes only when no goroutine can run");
  duration slept{};

  run_on_one([&] {
    const auto before = clock::now();
    sleep_for(1h);
    slept = clock::now() - before;
  });

  EXPECT_EQ(slept, duration(1h));
}

GRADED(gmp_time, wakes_in_the_order_of_deadlines, 6.9, 2) {
  contract("of two that are due at the");
  history happened;

  run_on_one([&] {
    std::vector<handle> all;
    for (const int each : {3, 1, 2, 1, 3, 0, 2}) {
      const auto number = std::to_string(all.size());
      all.push_back(go([&happened, each, number] {
        sleep_for(each * 1ms);
        happened.push_back(std::to_string(each) + "/" + number);
      }));
    }
    for (handle& each : all) {
      each.join();
    }
  });

  EXPECT_EQ(happened,
            (history{"0/5", "1/1", "1/3", "2/2", "2/6", "3/0", "3/4"}));
}

GRADED(gmp_time, many_sleepers_take_as_long_as_one, 6.9, 1) {
  contract("The machine goes on with others.");
  duration all_slept{};

  run_on_one([&] {
    const auto before = clock::now();
    std::vector<handle> all;
    for (int i = 0; i < 500; ++i) {
      all.push_back(go([] { sleep_for(100ms); }));
    }
    for (handle& each : all) {
      each.join();
    }
    all_slept = clock::now() - before;
  });

  EXPECT_EQ(all_slept, duration(100ms));
}

GRADED(gmp_time, limits_a_wait, 6.9, 2) {
  contract("returns timed_out once `deadline` has passed");
  bool ended = false;

  run_on_one([&] {
    channel<int> quiet;
    const auto before = clock::now();
    EXPECT_EQ(quiet.receive_for(5ms).status, channel_status::timed_out);
    EXPECT_EQ(clock::now() - before, duration(5ms));
    handle sender = go([&] {
      sleep_for(1ms);
      EXPECT_EQ(quiet.send(1), channel_status::ok);
    });
    EXPECT_EQ(quiet.receive_for(5ms).value, 1);
    sender.join();
    EXPECT_EQ(quiet.try_send(2), channel_status::would_block)
        << "the receiver that gave up is still queued";
    mutex one;
    condition_variable changed;
    std::unique_lock lock(one);
    EXPECT_EQ(changed.wait_for(lock, 1ms), std::cv_status::timeout);
    std::optional<int> got;
    EXPECT_EQ(gmp::select(receive_from(quiet, got), after(2ms)).index,
              1u);
    ended = true;
  });

  EXPECT_TRUE(ended) << "main waits without a limit";
}

GRADED(gmp_deadlock, names_who_waits, 6.9, 2) {
  contract("deadlock if every goroutine waits and nothing is left");
  std::vector<goroutine_info> waiting;
  channel<int> quiet;  // not on a stack that nobody unwinds

  try {
    run_on_one([&] {
      (void)go("reader", [&] { (void)quiet.receive(); });
      sleep_for(20ms);
      (void)quiet.receive();
    });
  } catch (const deadlock& found) {
    waiting = found.goroutines();
  }

  ASSERT_EQ(waiting.size(), 2u) << "no deadlock was reported";
  EXPECT_EQ(waiting[0].name, "main");
  EXPECT_EQ(waiting[1].name, "reader");
  EXPECT_EQ(waiting[1].waits, wait_reason::receive);
  EXPECT_EQ(waiting[1].waiting, 20ms);
  EXPECT_NE(waiting[1].started.find("step_9.cpp:"), std::string::npos);
}

}  // namespace
}  // namespace workbook::gmp::step_9
