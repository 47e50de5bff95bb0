// Step 5.8: a deadline, an outer token, and a wait with a limit.

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <fstream>
#include <latch>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "channel.hpp"
#include "child_process.hpp"
#include "grading/grading.hpp"
#include "task_scope.hpp"

namespace workbook::step_8 {
namespace {

using namespace std::chrono_literals;

EXPLORED(leaks_limits, a_deadline_cancels, 5.8, 1, .schedules = 100,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "When this time has passed, the scope cancels itself, even if no "
      "thread is in a call of the scope.");
  std::atomic<std::chrono::nanoseconds> stopped_at = 0ns;
  channel<int> quiet;
  task_scope scope({.deadline = task_scope::clock::now() + 10s});

  (void)scope.spawn([&](std::stop_token stop) {
    (void)quiet.receive(stop);
    stopped_at = explore::now();
  });
  std::this_thread::sleep_for(20s);  // the owner is busy elsewhere

  EXPECT_EQ(stopped_at.load(), 10s)
      << "does the scope check the clock only inside join?";
  EXPECT_FALSE(scope.spawn([](std::stop_token) {}));
}

EXPLORED(leaks_limits, it_may_be_over_from_the_start, 5.8, 1,
         .schedules = 50, .virtual_time = true) {
  contract(
      "It is cancelled at once if the deadline has passed or the outer "
      "stop was requested.");
  contract("and at once if either has happened before");
  std::stop_source outer;
  outer.request_stop();
  std::this_thread::sleep_for(2s);

  task_scope late({.deadline = task_scope::clock::now() - 1s});
  task_scope stopped({.outer = outer.get_token()});

  EXPECT_FALSE(late.spawn([](std::stop_token) {}))
      << "the deadline had passed before the scope was created";
  EXPECT_TRUE(stopped.token().stop_requested());
  EXPECT_FALSE(stopped.spawn([](std::stop_token) {}))
      << "the outer stop came before the scope that follows it";
}

EXPLORED(leaks_limits, a_deadline_delays_no_end, 5.8, 1,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract("Does not block.");
  contract("it joins the thread that waits for the deadline.");

  {
    task_scope scope({.deadline = task_scope::clock::now() + 10s});
    (void)scope.spawn([](std::stop_token) {});
    scope.join();
  }

  EXPECT_EQ(explore::now(), 0s)
      << "the scope's destructor waited for the deadline";
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(leaks_limits, a_deadline_needs_a_thread, 5.8, 1,
         .schedules = 50) {
  contract(
      "Starts a thread if there is a deadline in the future. Throws "
      "std::system_error if it cannot start.");
  contract(
      "Throws std::system_error if a deadline needs a thread and none "
      "can start.");
  const auto far = task_scope::clock::now() + 1h;

  explore::fail_thread_start();

  EXPECT_THROW(task_scope({.deadline = far}), std::system_error)
      << "a scope whose deadline no thread waits for";
}

EXPLORED(leaks_limits, cancellation_goes_inwards, 5.8, 1) {
  contract("When a stop is requested here, the scope cancels itself.");
  std::atomic<bool> woken = false;
  channel<int> quiet;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token outer) {
    task_scope inner({.outer = outer});
    (void)inner.spawn([&](std::stop_token stop) {
      woken = quiet.receive(stop).status == channel_status::cancelled;
    });
    inner.join();
  });
  explore::settle();
  scope.cancel();
  explore::settle();

  EXPECT_TRUE(woken) << "the outer scope is cancelled, and a child of "
                        "the inner one waits on";
}

EXPLORED(leaks_limits, cancellation_does_not_go_outwards, 5.8, 1,
         .schedules = 100) {
  contract("When a stop is requested here, the scope cancels itself.");
  std::atomic<bool> stopped = true;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token outer) {
    task_scope inner({.outer = outer});
    (void)inner.spawn(
        [](std::stop_token) { throw std::runtime_error("inner"); });
    EXPECT_THROW(inner.join(), std::runtime_error);
    stopped = outer.stop_requested();
  });
  EXPECT_NO_THROW(scope.join());

  EXPECT_FALSE(stopped) << "the failure was handled by the inner scope";
}

EXPLORED(leaks_limits, the_earlier_of_both_cancels, 5.8, 1,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract(
      "requests a stop of a scope at its deadline, or when a stop of "
      "an "
      "outer token is requested");
  std::stop_source outer;
  const auto ends_at = [&](std::chrono::seconds stop_at) {
    const auto begin = explore::now();
    task_scope scope({.outer = outer.get_token(),
                      .deadline = task_scope::clock::now() + 10s});
    std::jthread clock([&] {
      std::this_thread::sleep_for(stop_at);
      outer.request_stop();
    });
    channel<int> quiet;
    (void)scope.spawn(
        [&](std::stop_token stop) { (void)quiet.receive(stop); });
    scope.join();
    return explore::now() - begin;
  };

  const auto with_deadline = ends_at(20s);
  outer = {};
  const auto with_outer = ends_at(3s);

  EXPECT_EQ(with_deadline, 10s) << "an outer token and a deadline";
  EXPECT_EQ(with_outer, 3s) << "a deadline and an outer token";
}

EXPLORED(leaks_wait, join_for_gives_up_in_time, 5.8, 2,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract(
      "Like join, but returns false if a child still runs `limit` from "
      "now; an exception is then kept for the next join.");
  explore::gate table;
  std::string thrown;
  task_scope scope;
  (void)scope.spawn([&](std::stop_token) { table.wait(); });
  (void)scope.spawn(
      [](std::stop_token) { throw std::runtime_error("kept"); });

  EXPECT_FALSE(scope.join_for(5s));
  EXPECT_EQ(explore::now(), 5s) << "the limit is 5 s from the call";
  EXPECT_FALSE(scope.join_for(-1s)) << "a child still runs";
  table.open();
  try {
    (void)scope.join_for(5s);
  } catch (const std::runtime_error& error) {
    thrown = error.what();
  }

  EXPECT_EQ(thrown, "kept")
      << "the exception was lost when join_for returned false";
  EXPECT_EQ(explore::now(), 5s) << "all children have ended";
  EXPECT_TRUE(scope.join_for(-1s)) << "no child runs any more";
}

EXPLORED(leaks_wait, join_for_is_refused_inside, 5.8, 1,
         .schedules = 50) {
  contract("Like join, but returns false if a child still runs");
  std::atomic<bool> refused = false;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token) {
    try {
      (void)scope.join_for(1s);
    } catch (const std::system_error&) {
      refused = true;
    }
  });
  scope.join();

  EXPECT_TRUE(refused) << "a child waits for its own end";
}

EXPLORED(leaks_wait, the_longest_wait_has_no_limit, 5.8, 1,
         .schedules = 50, .timeouts_race = false,
         .virtual_time = true) {
  contract("A limit beyond the clock's range means no limit.");
  contract("Does not cancel.");
  std::this_thread::sleep_for(1s);  // the clock is not at zero
  task_scope scope;

  (void)scope.spawn(
      [](std::stop_token) { std::this_thread::sleep_for(1h); });

  EXPECT_FALSE(scope.join_for(1s));
  EXPECT_FALSE(scope.token().stop_requested())
      << "like join, join_for does not cancel";
  EXPECT_TRUE(scope.join_for(std::chrono::nanoseconds::max()))
      << "now and the limit add up to a time in the past";
}

EXPLORED(leaks_wait, every_running_child_is_listed, 5.8, 1,
         .schedules = 100) {
  contract(
      "The children that have not ended, in the order of their spawn. "
      "Does not wait for them.");
  explore::gate table;
  std::vector<unsigned> lines;
  task_scope scope;
  const auto wait = [&](std::stop_token) { table.wait(); };

  const unsigned line = __LINE__;
  (void)scope.spawn(wait);
  (void)scope.spawn([](std::stop_token) {});
  (void)scope.spawn(wait);
  explore::settle();
  for (const running_child& each : scope.still_running()) {
    lines.push_back(each.spawned.line());
  }
  table.open();
  scope.join();

  EXPECT_EQ(lines, (std::vector{line + 1, line + 3}));
  EXPECT_TRUE(scope.still_running().empty());
}

GRADED(leaks_wait, it_says_what_a_child_waits_in, 5.8, 1) {
  contract("The children that have not ended");
  std::latch end(1);
  task_scope scope;
  std::atomic<pid_t> child = 0;

  (void)scope.spawn([&](std::stop_token) {
    child = ::gettid();
    end.wait();
  });
  // The kernel says when it waits, whatever the scope reports. Not in
  // read: a thread that reads its own file in /proc is in that itself.
  wait_until([&] {
    std::ifstream file("/proc/self/task/" + std::to_string(child) +
                       "/syscall");
    long number = -1;
    return file >> number && number == SYS_futex;
  });
  const std::vector<running_child> all = scope.still_running();
  const std::string waits = all.empty() ? "" : all[0].waits_in;
  end.count_down();
  scope.join();

  EXPECT_EQ(waits, "futex");
}

}  // namespace
}  // namespace workbook::step_8
