// Step 5.1: a parent that waits for its children.

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <stop_token>
#include <thread>

#include "channel.hpp"
#include "grading/grading.hpp"
#include "leak_1.hpp"

namespace workbook::step_1 {
namespace {

using namespace std::chrono_literals;

// Calls run_jobs on a thread of its own, so that the test can see that
// it does not return.
struct parent {
  parent(int count, std::chrono::nanoseconds limit,
         std::function<void(std::stop_token)> job)
      : thread([=, this] {
          explore::role("parent");
          done = run_jobs(count, limit, job);
          returned_at = explore::now();
        }) {}

  std::atomic<int> done = -1;
  std::atomic<std::chrono::nanoseconds> returned_at = -1ns;
  std::jthread thread;
};

void wait_an_hour(const parent& one) {
  std::this_thread::sleep_for(1h);
  EXPECT_GE(one.done, 0)
      << "step 5.1: after an hour, run_jobs has not returned";
}

EXPLORED(leaks_parent, it_returns_when_all_have_ended, 5.1, 2,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract("Blocks until all jobs have ended or `limit` has passed.");

  parent one(2, 10s, [](auto) { std::this_thread::sleep_for(1s); });
  wait_an_hour(one);

  EXPECT_EQ(one.done, 2);
  EXPECT_EQ(one.returned_at.load(), 1s) << "all jobs had ended at 1 s";
  const auto start = explore::now();
  parent none(0, 10s, [](auto) {});
  wait_an_hour(none);
  EXPECT_EQ(none.returned_at.load(), start)
      << "of no jobs, all have ended from the start";
}

EXPLORED(leaks_parent, it_stops_the_rest_at_the_limit, 5.1, 1,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract(
      "In the second case it requests a stop and waits for the rest. "
      "Returns the number of jobs that ended within the limit.");
  std::atomic<int> ended = 0;
  std::atomic<int> begun = 0;
  channel<int> quiet;

  parent one(2, 10s, [&](std::stop_token stop) {
    if (begun++ > 0) {
      (void)quiet.receive(stop);
      std::this_thread::sleep_for(2s);  // to clean up
    }
    ++ended;
  });
  wait_an_hour(one);

  EXPECT_EQ(one.done, 1) << "one job ended within the limit";
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(one.returned_at.load(), 12s)
      << "the limit is at 10 s, and the job needs 2 s to end";
}

EXPLORED(leaks_parent, every_job_has_a_thread, 5.1, 1, .schedules = 50,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "Calls job(token) `count` times, each on a thread of its own.");
  contract("In the second case it requests a stop");
  std::latch all(6);
  channel<int> quiet;

  parent one(6, 0s, [&](std::stop_token stop) {
    (void)quiet.receive(stop);
    all.arrive_and_wait();  // each waits until all were stopped
  });
  wait_an_hour(one);

  EXPECT_EQ(one.done, 0) << "no job ended within the limit of 0 s";
  EXPECT_TRUE(all.try_wait()) << "a limit of 0 s saves no job its call";
}

EXPLORED(leaks_parent, the_limit_is_for_all_together, 5.1, 1,
         .schedules = 50, .timeouts_race = false,
         .virtual_time = true) {
  contract("Blocks until all jobs have ended or `limit` has passed.");
  std::atomic<int> begun = 0;

  parent one(3, 10s, [&](auto) {
    // They end at 6, 12 and 18 s, whatever they are asked.
    std::this_thread::sleep_for(++begun * 6s);
  });
  wait_an_hour(one);

  EXPECT_EQ(one.done, 1)
      << "only one job ended within 10 s; does each result start the "
         "limit anew?";
}

EXPLORED(leaks_parent, no_thread_is_left, 5.1, 1, .schedules = 100,
         .timeouts_race = false, .virtual_time = true) {
  contract("When it returns, every thread that it started has ended.");
  std::atomic<int> alive = 0;

  parent one(3, 1s, [&](auto) {
    ++alive;
    std::this_thread::sleep_for(5s);
    --alive;
  });
  wait_an_hour(one);
  one.thread.join();

  EXPECT_EQ(one.done, 0);
  EXPECT_EQ(one.returned_at.load(), 5s);
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(leaks_parent, the_longest_limit_is_none, 5.1, 1,
         .schedules = 50, .timeouts_race = false,
         .virtual_time = true) {
  contract("nanoseconds::max() means no limit.");
  std::this_thread::sleep_for(1s);  // the clock is not at its zero

  parent one(2, std::chrono::nanoseconds::max(),
             [](auto) { std::this_thread::sleep_for(1s); });
  wait_an_hour(one);

  EXPECT_EQ(one.done, 2)
      << "now and the limit add up to a time in the past";
}

}  // namespace
}  // namespace workbook::step_1
