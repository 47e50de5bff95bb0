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

EXPLORED(leaks_scope, join_waits_for_every_child, 5.6, 2,
         .polls = false) {
  contract(
      "A child is in running_ from its spawn until its function has "
      "returned or thrown and its captures are destroyed.");
  contract("Runs f(token) as a child.");
  contract(
      "Blocks until all children have ended and their captures are "
      "destroyed. … Does not poll.");
  int first = 0;  // plain: join must order the children's writes
  int second = 0;
  std::atomic<int> alive = 0;
  task_scope scope;

  EXPECT_TRUE(scope.spawn(
      [&, held = explore::payload(&alive)](auto) { ++first; }));
  EXPECT_TRUE(scope.spawn(
      [&, held = explore::payload(&alive)](auto) { ++second; }));
  const auto expect_the_end =
      [&] {
        scope.join();
        EXPECT_EQ(first + second, 2)
            << "join returned before a child ended";
        EXPECT_EQ(alive, 0)
            << "join returned, and a capture is still alive";
      };
  std::jthread other(expect_the_end);  // two callers of join
  expect_the_end();
  other.join();

  EXPECT_EQ(explore::threads_alive(), 0)
      << "a child's thread is not joined";
}

EXPLORED(leaks_scope, the_destructor_joins, 5.6, 1, .polls = false) {
  contract(
      "task_scope runs children on threads of their own and outlives "
      "them.");
  contract("Cancels, and blocks until all children have ended.");
  explore::gate table;
  std::atomic<bool> destroyed = false;

  std::jthread owner([&] {
    explore::role("owner");
    {
      task_scope scope;
      (void)scope.spawn([&](std::stop_token) { table.wait(); });
    }
    destroyed = true;
  });
  explore::settle();
  EXPECT_FALSE(destroyed)
      << "the scope is destroyed while its child still runs";
  table.open();
  owner.join();

  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(leaks_scope, the_destructor_cancels_first, 5.6, 2) {
  contract(
      "Cancellation requests a stop on the children's token, which "
      "wakes every child that waits with it, for example on a "
      "channel.");
  contract("Does not wait for a child.");
  contract("Cancels, and blocks until all children have ended.");
  std::atomic<bool> destroyed = false;
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
    destroyed = true;
  });
  explore::settle();

  EXPECT_TRUE(destroyed)
      << "children that wait with the token were not woken: does the "
         "destructor join before it cancels?";
}

EXPLORED(leaks_scope, cancel_wakes_and_does_not_wait, 5.6, 1) {
  contract(
      "Requests a stop of all children. Does not wait for them. "
      "Idempotent.");
  contract("The token that every child receives.");
  explore::gate table;
  std::atomic<bool> woken = false;
  channel<int> quiet;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token stop) {
    woken = quiet.receive(stop).status == channel_status::cancelled;
    table.wait();
  });
  scope.cancel();
  scope.cancel();
  explore::settle();

  EXPECT_TRUE(woken)
      << "the scope is cancelled, and the child waits on";
  EXPECT_TRUE(scope.token().stop_requested());
  EXPECT_FALSE(scope.spawn([](std::stop_token) {}))
      << "a cancelled scope must not start a child";
  table.open();
  scope.join();
}

EXPLORED(leaks_scope, cancel_reaches_a_scope_that_joins, 5.6, 1,
         .polls = false) {
  contract("Does not cancel.");
  std::atomic<bool> joined = false;
  channel<int> quiet;
  task_scope scope;
  (void)scope.spawn(
      [&](std::stop_token stop) { (void)quiet.receive(stop); });

  std::jthread owner([&] {
    explore::role("owner");
    scope.join();
    joined = true;
  });
  explore::settle();
  EXPECT_FALSE(joined) << "join has cancelled the scope, or it did not "
                          "wait for the child";
  scope.cancel();
  explore::settle();

  EXPECT_TRUE(joined) << "cancelled while join was waiting";
}

// Either the child starts and receives the stop, or it is refused.
EXPLORED(leaks_scope, spawn_races_with_cancel, 5.6, 1) {
  contract(
      "Returns false once the scope is cancelled; `f` is then "
      "destroyed "
      "and nothing was started.");
  contract("Once a stop is requested, no child is spawned.");
  std::atomic<int> alive = 0;
  channel<int> quiet;
  task_scope scope;

  std::jthread canceller([&] {
    explore::role("canceller");
    scope.cancel();
    EXPECT_FALSE(scope.spawn([](std::stop_token) {}));
  });
  (void)scope.spawn(
      [&, held = explore::payload(&alive)](std::stop_token stop) {
        (void)quiet.receive(stop);
      });
  canceller.join();
  scope.join();

  EXPECT_EQ(alive, 0) << "what the child captured is still alive";
}

// The destructor of a capture cancels the scope, and the callback of
// the scope's token calls spawn.
EXPLORED(leaks_scope, a_callback_may_call_the_scope, 5.6, 1) {
  contract("No user code runs while mutex_ is held.");
  std::atomic<int> alive = 0;
  std::atomic<bool> called = false;
  task_scope scope;
  const std::stop_callback callback(scope.token(), [&] {
    called = !scope.spawn([](std::stop_token) {});
  });
  const auto cancel = [](void* whole) {
    static_cast<task_scope*>(whole)->cancel();
  };

  (void)scope.spawn([held = explore::payload(&alive, cancel, &scope)](
                        std::stop_token) {});
  explore::settle();

  EXPECT_TRUE(called) << "the scope waits for a lock that it holds";
  EXPECT_EQ(alive, 0);
}

EXPLORED(leaks_scope, a_child_may_spawn, 5.6, 1) {
  contract(
      "Blocks until all children have ended and their captures are "
      "destroyed.");
  contract("any member may be called from any thread");
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

  EXPECT_EQ(ended, 3)
      << "join returned before the last grandchild ended";
}

EXPLORED(leaks_scope, a_failed_start_changes_nothing, 5.6, 1,
         .schedules = 100) {
  contract(
      "Throws std::system_error if no thread can start … nothing has "
      "changed then.");
  std::atomic<int> alive = 0;
  std::atomic<bool> joined = false;
  task_scope scope;

  explore::fail_thread_start();
  EXPECT_THROW((void)scope.spawn([held = explore::payload(&alive)](
                                     std::stop_token) {}),
               std::system_error);
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(scope.spawn([](std::stop_token) {}));
  std::jthread owner([&] {
    scope.join();
    joined = true;
  });
  explore::settle();

  EXPECT_TRUE(joined) << "join waits for a child that never started";
}

// A capture of the refused child cancels the scope in its destructor.
EXPLORED(leaks_scope, a_refused_child_dies_without_the_lock, 5.6, 1,
         .schedules = 50) {
  contract("No user code runs while mutex_ is held.");
  std::atomic<int> alive = 0;
  task_scope scope;
  const auto cancel = [](void* whole) {
    static_cast<task_scope*>(whole)->cancel();
    (void)static_cast<task_scope*>(whole)->spawn([](auto) {});
  };

  explore::fail_thread_start();
  EXPECT_THROW((void)scope.spawn(
                   [held = explore::payload(&alive, cancel, &scope)](
                       std::stop_token) {}),
               std::system_error);
  EXPECT_TRUE(scope.token().stop_requested());
  EXPECT_FALSE(
      scope.spawn([held = explore::payload(&alive, cancel, &scope)](
                      std::stop_token) {}));

  EXPECT_EQ(alive, 0);
}

// A callable whose move throws.
struct immovable {
  immovable() = default;
  immovable(immovable&&) { throw std::logic_error("stays here"); }
  void operator()(std::stop_token) const {}
};

EXPLORED(leaks_scope, a_move_that_throws_changes_nothing, 5.6, 1,
         .schedules = 50) {
  contract("and whatever moving `f` throws; nothing has changed then.");
  std::atomic<bool> joined = false;
  task_scope scope;

  EXPECT_THROW((void)scope.spawn(immovable()), std::logic_error);
  EXPECT_TRUE(scope.spawn([](std::stop_token) {}));
  std::jthread owner([&] {
    scope.join();
    joined = true;
  });
  explore::settle();

  EXPECT_TRUE(joined) << "join waits for a child that never started";
}

EXPLORED(leaks_scope, missing_memory_changes_nothing, 5.6, 1,
         .schedules = 10) {
  contract("std::bad_alloc, … nothing has changed then.");
  std::atomic<int> ran = 0;
  bool spawned = false;

  for (std::size_t before = 0; !spawned; ++before) {
    task_scope scope;
    try {
      const explore::missing_block missing(before);
      spawned = scope.spawn([&](std::stop_token) { ++ran; });
    } catch (const std::bad_alloc&) {
    }
    scope.join();  // returns: nothing was started
  }

  EXPECT_EQ(ran, 1)
      << "a refused child ran, or the started one did not";
}

// Of this process, in bytes. A thread that has ended and is not joined
// keeps its stack.
std::size_t address_space() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Spawns 200 children, one after another, and returns the growth of the
// address space in stacks of a thread.
std::size_t stacks_kept(task_scope& scope) {
  constexpr std::size_t children = 200;
  pthread_attr_t usual;
  std::size_t stack = 0;
  pthread_getattr_default_np(&usual);
  pthread_attr_getstacksize(&usual, &stack);
  pthread_attr_destroy(&usual);
  std::atomic<std::size_t> ended = 0;

  const std::size_t before = address_space();
  for (std::size_t i = 1; i <= children; ++i) {
    (void)scope.spawn([&](std::stop_token) { ++ended; });
    wait_until([&] { return ended == i; });
  }
  const std::size_t after = address_space();
  return after < before ? 0 : (after - before) / stack;
}

GRADED(leaks_scope, ended_threads_do_not_accumulate, 5.6, 1) {
  contract(
      "The child that ended last owns the thread of the child that "
      "ended before it, and joins it. So last_ended_ is the only "
      "thread that is left to join once running_ is empty.");
  contract("The threads of ended children do not accumulate");
  task_scope scope;

  const std::size_t kept = stacks_kept(scope);

  EXPECT_LT(kept, 100U)
      << "stacks of threads that have ended, of 200 children";
}

// A server: a child accepts, spawns one child per request, and the
// owner sits in join meanwhile.
GRADED(leaks_scope, nor_while_a_join_waits, 5.6, 1) {
  contract(
      "The threads of ended children do not accumulate, even while a "
      "join waits.");
  std::atomic<std::size_t> kept = 0;
  std::atomic<pid_t> owner_id = 0;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token) {
    wait_until([&] { return waits_in(owner_id) == "futex"; });
    kept = stacks_kept(scope);
  });
  owner_id = ::gettid();
  scope.join();

  EXPECT_LT(kept, 100U)
      << "stacks of threads that have ended, of 200 children that one "
         "child spawned while join waited";
}

}  // namespace
}  // namespace workbook::step_6
