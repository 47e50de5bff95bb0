// Step 6.9: timers, a virtual clock, the deadlock report.

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "grading/grading.hpp"
#include "mutex.hpp"
#include "on_one.hpp"
#include "select.hpp"
#include "timer_heap.hpp"

namespace workbook::gmp::step_9 {
namespace {

using namespace std::chrono_literals;
using namespace testing_kit;

GRADED(gmp_time, passes_when_nobody_can_run, 6.9, 1) {
  contract("Time passes only when no goroutine can run");
  contract("As sleep_until, `length` from now.");
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
  contract("Blocks the goroutine until `when` has come");
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

GRADED(gmp_time, a_removed_timer_wakes_nobody, 6.9, 1) {
  contract("Removes a tracked timer, if it is still there");
  contract("Adds `what`, due at `when`");
  contract("Returns whether it is now the first.");
  contract("When the first timer is due; never if there is none.");
  contract("next() is when the first entry is due, or never.");
  contract(
      "Removes the timers that are due at `now`, at most `most`; "
      "returns");
  std::array<goroutine, 4> sleepers;
  std::array<timer, 4> timers{};
  timer_heap heap;
  for (std::size_t i = 0; i < timers.size(); ++i) {
    timers[i].sleeper = &sleepers[i];
    timers[i].claim = [](timer&) { return true; };
    const auto when = static_cast<std::int64_t>(10 * i);
    EXPECT_EQ(heap.add(timers[i], when), i == 0);
  }

  timer_heap::remove(timers[0]);
  EXPECT_EQ(heap.next(), 10);
  timer_heap::remove(timers[2]);
  timer_heap::remove(timers[2]);  // it is there no more
  goroutine* const woken = heap.take_due(100, 10);

  ASSERT_EQ(woken, &sleepers[1]);
  ASSERT_EQ(woken->next, &sleepers[3]) << "a removed timer is due";
  EXPECT_EQ(sleepers[3].next, nullptr);
  EXPECT_EQ(heap.next(), timer_heap::never);
}

GRADED(gmp_time, limits_a_wait, 6.9, 2) {
  contract("returns timed_out once `deadline` has passed");
  contract(
      "As receive_until, with a deadline that is `timeout` from now.");
  contract("As wait(lock), but no longer than until `deadline`.");
  contract("As wait_until(lock, `length` from now).");
  contract("Is taken when no other case was ready for `length`.");
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
  contract("Those that wait, oldest first.");
  contract(
      "Thrown by scheduler::run when every goroutine waits, and no "
      "timer,");
  std::vector<goroutine_info> waiting;
  channel<int> quiet;  // not on a stack that nobody unwinds

  try {
    run_on_one([&] {
      (void)go("reader", [&] {
        sleep_for(5ms);
        (void)quiet.receive();
      });
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
  EXPECT_EQ(waiting[1].waiting, 15ms) << "since when it waits";
  EXPECT_NE(waiting[1].started.find("step_9.cpp:"), std::string::npos);
}

}  // namespace
}  // namespace workbook::gmp::step_9
