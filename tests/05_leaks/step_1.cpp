// Step 5.1: the parent that waits for its children.

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

#include "channel.hpp"
#include "grading/grading.hpp"
#include "leak_1.hpp"

namespace workbook::step_1 {
namespace {

using namespace std::chrono_literals;

// run_jobs on a thread of its own, so that the test can see that it
// does not return.
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

void look_after_an_hour(const parent& one) {
  std::this_thread::sleep_for(1h);
  EXPECT_GE(one.done, 0)
      << "step 5.1: an hour later the parent has not returned";
}

EXPLORED(leaks_parent, it_returns_when_all_have_ended, 5.1, 2,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract("Blocks until all have ended, or `limit` has passed");

  parent one(2, 10s, [](auto) { std::this_thread::sleep_for(1s); });
  look_after_an_hour(one);

  EXPECT_EQ(one.done, 2);
  EXPECT_EQ(one.returned_at.load(), 1s)
      << "all jobs had ended: what did it wait for?";
}

EXPLORED(leaks_parent, it_stops_the_rest_at_the_limit, 5.1, 1,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract("then the token is asked to stop, and the rest waited for");
  std::atomic<int> ended = 0;
  std::atomic<int> begun = 0;
  channel<int> quiet;

  parent one(2, 10s, [&](std::stop_token stop) {
    if (begun++ > 0) {
      (void)quiet.receive(stop);
      std::this_thread::sleep_for(2s);  // to clear the table
    }
    ++ended;
  });
  look_after_an_hour(one);

  EXPECT_EQ(one.done, 1) << "what comes after the limit does not count";
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(one.returned_at.load(), 12s)
      << "the limit is at 10 s, and the job needs 2 s to end";
}

EXPLORED(leaks_parent, nothing_goes_on, 5.1, 2, .schedules = 100,
         .timeouts_race = false, .virtual_time = true) {
  contract("When it returns, nothing that it started goes on.");
  std::atomic<int> alive = 0;

  parent one(3, 1s, [&](auto) {
    ++alive;
    std::this_thread::sleep_for(5s);
    --alive;
  });
  look_after_an_hour(one);
  one.thread.join();

  EXPECT_EQ(one.done, 0);
  EXPECT_EQ(one.returned_at.load(), 5s);
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(leaks_parent, a_limit_may_be_none, 5.1, 1, .schedules = 50,
         .timeouts_race = false, .virtual_time = true) {
  contract("nanoseconds::max() is no limit");
  std::this_thread::sleep_for(1s);  // the clock is not at its zero

  parent one(2, std::chrono::nanoseconds::max(),
             [](auto) { std::this_thread::sleep_for(1s); });
  look_after_an_hour(one);

  EXPECT_EQ(one.done, 2)
      << "now and the longest limit add up to a time in the past";
}

}  // namespace
}  // namespace workbook::step_1
