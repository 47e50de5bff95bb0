// Step 5.6: a scope that its children do not outlive.

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <fstream>
#include <memory>
#include <new>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>

#include "channel.hpp"
#include "child_process.hpp"
#include "grading/grading.hpp"
#include "task_scope.hpp"

namespace workbook::step_6 {
namespace {

// Of this process, in bytes.
std::size_t address_space() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

EXPLORED(leaks_scope, join_waits_for_every_child, 5.6, 2) {
  contract("Blocks until all children have ended");
  std::atomic<int> ended = 0;
  task_scope scope;

  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(scope.spawn([&](std::stop_token) { ++ended; }));
  }
  scope.join();

  EXPECT_EQ(ended, 3);
  EXPECT_EQ(explore::threads_alive(), 0)
      << "the children are not joined";
}

EXPLORED(leaks_scope, the_destructor_joins, 5.6, 2) {
  contract("Cancels, and blocks until all children have ended.");
  explore::gate table;
  std::atomic<bool> gone = false;

  std::jthread owner([&] {
    explore::role("owner");
    {
      task_scope scope;
      (void)scope.spawn([&](std::stop_token) { table.wait(); });
    }
    gone = true;
  });
  explore::settle();
  EXPECT_FALSE(gone) << "the scope is gone, and its child is not";
  table.open();
  owner.join();

  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(leaks_scope, the_destructor_cancels_first, 5.6, 3) {
  contract("Cancels, and blocks until all children have ended.");
  std::atomic<bool> gone = false;
  channel<int> quiet;
  channel<int> full;

  std::jthread owner([&] {
    explore::role("owner");
    {
      task_scope scope;
      (void)scope.spawn(
          [&](std::stop_token stop) { (void)quiet.receive(stop); });
      (void)scope.spawn(
          [&](std::stop_token stop) { (void)full.send(1, stop); });
    }
    gone = true;
  });
  explore::settle();

  EXPECT_TRUE(gone) << "children that wait with the token were not "
                       "woken: joined before they were told to stop?";
}

EXPLORED(leaks_scope, cancel_wakes_and_does_not_wait, 5.6, 2) {
  contract("Asks all children to stop. Does not wait for them.");
  explore::gate table;
  std::atomic<bool> told = false;
  channel<int> quiet;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token stop) {
    told = quiet.receive(stop).status == channel_status::cancelled;
    table.wait();
  });
  scope.cancel();
  explore::settle();

  EXPECT_TRUE(told) << "cancelled, and the child still waits";
  EXPECT_TRUE(scope.token().stop_requested());
  EXPECT_FALSE(scope.spawn([](std::stop_token) {}))
      << "a cancelled scope starts nothing";
  table.open();
  scope.join();
}

// cancel and spawn at the same time: either the child runs and is
// told, or it is refused.
EXPLORED(leaks_scope, spawn_races_with_cancel, 5.6, 1) {
  contract("False once the scope is cancelled; `f` is destroyed");
  std::atomic<int> alive = 0;
  channel<int> quiet;
  task_scope scope;

  std::jthread canceller([&] {
    explore::role("canceller");
    scope.cancel();
    EXPECT_FALSE(scope.spawn([](std::stop_token) {}));
  });
  (void)scope.spawn(
      [&, mine = explore::payload(&alive)](std::stop_token stop) {
        (void)quiet.receive(stop);
      });
  canceller.join();
  scope.join();

  EXPECT_EQ(alive, 0) << "what the child captured is still there";
}

// The end of what a child captured cancels the scope, and the callback
// of its token spawns.
EXPLORED(leaks_scope, a_callback_may_call_the_scope, 5.6, 1) {
  contract("No code of the callers runs while mutex_ is held");
  std::atomic<int> alive = 0;
  std::atomic<bool> called = false;
  task_scope scope;
  const std::stop_callback callback(scope.token(), [&] {
    called = !scope.spawn([](std::stop_token) {});
  });
  const auto cancel = [](void* whole) {
    static_cast<task_scope*>(whole)->cancel();
  };

  (void)scope.spawn([mine = explore::payload(&alive, cancel, &scope)](
                        std::stop_token) {});
  explore::settle();

  EXPECT_TRUE(called) << "the scope waits for a lock that it holds";
  EXPECT_EQ(alive, 0);
}

EXPLORED(leaks_scope, a_child_may_spawn, 5.6, 2) {
  contract("any member may be called from any thread, also a child");
  std::atomic<int> ended = 0;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token) {
    EXPECT_TRUE(scope.spawn([&](std::stop_token) {
      (void)scope.spawn([&](std::stop_token) { ++ended; });
      ++ended;
    }));
    ++ended;
  });
  scope.join();

  EXPECT_EQ(ended, 3) << "join came back before the last grandchild";
}

EXPLORED(leaks_scope, a_failed_start_changes_nothing, 5.6, 1,
         .schedules = 100) {
  contract("no thread left …; nothing has changed then");
  std::atomic<int> alive = 0;
  task_scope scope;

  explore::fail_thread_start();
  EXPECT_THROW((void)scope.spawn([mine = explore::payload(&alive)](
                                     std::stop_token) {}),
               std::system_error);
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(scope.spawn([](std::stop_token) {}));
  std::atomic<bool> back = false;
  std::jthread owner([&] {
    scope.join();
    back = true;
  });
  explore::settle();

  EXPECT_TRUE(back) << "join waits for a child that was never started";
}

// What was to be the child cancels the scope when it is destroyed.
EXPLORED(leaks_scope, what_could_not_start_ends_unlocked, 5.6, 1,
         .schedules = 50) {
  contract("No code of the callers runs while mutex_ is held");
  std::atomic<int> alive = 0;
  task_scope scope;
  const auto cancel = [](void* whole) {
    static_cast<task_scope*>(whole)->cancel();
  };

  explore::fail_thread_start();
  EXPECT_THROW((void)scope.spawn(
                   [mine = explore::payload(&alive, cancel, &scope)](
                       std::stop_token) {}),
               std::system_error);

  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(scope.token().stop_requested());
}

// A callable that cannot be moved, and says so.
struct stubborn {
  stubborn() = default;
  stubborn(stubborn&&) { throw std::logic_error("stays here"); }
  void operator()(std::stop_token) const {}
};

EXPLORED(leaks_scope, a_move_that_throws_changes_nothing, 5.6, 1,
         .schedules = 50) {
  contract("what moving `f` throws …; nothing has changed then");
  std::atomic<bool> back = false;
  task_scope scope;

  EXPECT_THROW((void)scope.spawn(stubborn()), std::logic_error);
  EXPECT_TRUE(scope.spawn([](std::stop_token) {}));
  std::jthread owner([&] {
    scope.join();
    back = true;
  });
  explore::settle();

  EXPECT_TRUE(back) << "join waits for a child that was never started";
}

EXPLORED(leaks_scope, missing_memory_changes_nothing, 5.6, 1,
         .schedules = 10) {
  contract("and std::bad_alloc; nothing has changed then");
  std::atomic<int> ran = 0;
  bool spawned = false;

  for (std::size_t before = 0; !spawned; ++before) {
    task_scope scope;
    try {
      const explore::missing_block missing(before);
      spawned = scope.spawn([&](std::stop_token) { ++ran; });
    } catch (const std::bad_alloc&) {
    }
    scope.join();  // not for ever: nothing was started
  }

  EXPECT_EQ(ran, 1) << "a child that was refused has run, or the one "
                       "that was started has not";
}

// What a thread that has ended and is not joined keeps is its stack.
GRADED(leaks_scope, a_long_life_keeps_no_dead_threads, 5.6, 1) {
  contract("Threads of children that have ended are not kept");
  constexpr std::size_t children = 200;
  pthread_attr_t usual;
  std::size_t stack = 0;
  pthread_getattr_default_np(&usual);
  pthread_attr_getstacksize(&usual, &stack);
  std::atomic<std::size_t> ended = 0;
  task_scope scope;

  const std::size_t before = address_space();
  for (std::size_t i = 1; i <= children; ++i) {
    (void)scope.spawn([&](std::stop_token) { ++ended; });
    wait_until([&] { return ended == i; });
  }
  const std::size_t grown = address_space() - before;

  EXPECT_LT(grown, children / 2 * stack)
      << "so much for " << children << " threads that have ended";
}

}  // namespace
}  // namespace workbook::step_6
