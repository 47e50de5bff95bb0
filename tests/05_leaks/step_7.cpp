// Step 5.7: what ends a scope besides its owner.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include "channel.hpp"
#include "child_process.hpp"
#include "grading/grading.hpp"
#include "task_scope.hpp"

namespace workbook::step_7 {
namespace {

using namespace std::chrono_literals;

// What join throws, as text; "" if it does not.
std::string joined(task_scope& scope) {
  try {
    scope.join();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

EXPLORED(leaks_failure, the_first_one_cancels_the_rest, 5.7, 2) {
  contract("cancelled by the first child that throws");
  channel<int> quiet;
  task_scope scope;

  for (int i = 0; i < 2; ++i) {
    (void)scope.spawn([&](std::stop_token stop) {
      (void)quiet.receive(stop);
      throw std::logic_error("the second, or the third");
    });
  }
  (void)scope.spawn(
      [](std::stop_token) { throw std::runtime_error("the first"); });

  EXPECT_EQ(joined(scope), "the first");
  EXPECT_EQ(joined(scope), "") << "rethrown once";
  EXPECT_FALSE(scope.spawn([](std::stop_token) {}));
}

EXPLORED(leaks_failure, join_throws_after_all_have_ended, 5.7, 2) {
  contract("Blocks until all children have ended …; then rethrows");
  explore::gate table;
  std::atomic<bool> back = false;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token) { table.wait(); });
  (void)scope.spawn(
      [](std::stop_token) { throw std::runtime_error("no"); });
  std::jthread owner([&] {
    explore::role("owner");
    EXPECT_EQ(joined(scope), "no");
    back = true;
  });
  explore::settle();

  EXPECT_FALSE(back) << "join has thrown, and a child still runs";
  table.open();
}

EXPLORED(leaks_failure, an_error_finds_somebody, 5.7, 1) {
  contract("An exception that join has not rethrown goes to on_error");
  std::string told;

  {
    task_scope scope({.on_error = [&](std::exception_ptr error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& what) {
        told += what.what();
      }
    }});
    (void)scope.spawn(
        [](std::stop_token) { throw std::runtime_error("no"); });
    explore::settle();
  }

  EXPECT_EQ(told, "no") << "nobody learnt of it, or twice";
}

GRADED(leaks_failure, an_error_is_never_lost, 5.7, 2) {
  contract("else the program ends (std::terminate)");

  const ended_as end = in_a_process([] {
    std::set_terminate([] { ::_exit(7); });
    task_scope scope;
    (void)scope.spawn(
        [](std::stop_token) { throw std::runtime_error("no"); });
  });

  EXPECT_EQ(end.status, 7)
      << "the scope ended as if its child had not failed";
}

EXPLORED(leaks_limits, a_deadline_cancels, 5.7, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("When this has passed, the scope cancels itself.");
  std::atomic<std::chrono::nanoseconds> told = 0ns;
  channel<int> quiet;
  task_scope scope({.deadline = task_scope::clock::now() + 10s});

  (void)scope.spawn([&](std::stop_token stop) {
    (void)quiet.receive(stop);
    told = explore::now();
  });
  std::this_thread::sleep_for(20s);  // the owner is busy elsewhere

  EXPECT_EQ(told.load(), 10s)
      << "does the scope look at the clock only when somebody joins?";
  EXPECT_FALSE(scope.spawn([](std::stop_token) {}));
  task_scope late({.deadline = task_scope::clock::now() - 1s});
  EXPECT_FALSE(late.spawn([](std::stop_token) {}));
}

EXPLORED(leaks_limits, a_deadline_holds_nobody_up, 5.7, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("Cancels, and blocks until all children have ended.");

  {
    task_scope scope({.deadline = task_scope::clock::now() + 10s});
    (void)scope.spawn([](std::stop_token) {});
    scope.join();
  }

  EXPECT_EQ(explore::now(), 0s)
      << "the scope's end waited for its deadline";
}

EXPLORED(leaks_limits, a_deadline_needs_a_thread, 5.7, 1,
         .schedules = 50) {
  contract("if there is a deadline and no thread left");
  const auto far = task_scope::clock::now() + 1h;

  explore::fail_thread_start();

  EXPECT_THROW(task_scope({.deadline = far}), std::system_error)
      << "a scope whose deadline nobody watches";
}

EXPLORED(leaks_limits, the_outer_stop_may_come_first, 5.7, 1,
         .schedules = 50) {
  contract("cancelled at once if … the outer stop was requested");
  std::stop_source outer;
  outer.request_stop();

  task_scope scope({.outer = outer.get_token()});

  EXPECT_TRUE(scope.token().stop_requested());
  EXPECT_FALSE(scope.spawn([](std::stop_token) {}))
      << "the scope began after the stop it was to follow";
}

EXPLORED(leaks_limits, cancellation_goes_inwards, 5.7, 2) {
  contract("When a stop is requested here, the scope cancels itself");
  std::atomic<bool> told = false;
  channel<int> quiet;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token outer) {
    task_scope inner({.outer = outer});
    (void)inner.spawn([&](std::stop_token stop) {
      told = quiet.receive(stop).status == channel_status::cancelled;
    });
    inner.join();
  });
  explore::settle();
  scope.cancel();
  explore::settle();

  EXPECT_TRUE(told) << "the outer scope is cancelled, and a child of "
                       "the inner one waits on";
}

EXPLORED(leaks_limits, cancellation_does_not_go_outwards, 5.7, 1) {
  contract("When a stop is requested here, the scope cancels itself");
  std::atomic<bool> went_on = false;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token outer) {
    task_scope inner({.outer = outer});
    (void)inner.spawn(
        [](std::stop_token) { throw std::runtime_error("inner"); });
    EXPECT_EQ(joined(inner), "inner");
    went_on = !outer.stop_requested();
  });

  EXPECT_EQ(joined(scope), "");
  EXPECT_TRUE(went_on) << "the inner failure was handled inside";
}

EXPLORED(leaks_limits, a_child_cannot_wait_for_itself, 5.7, 2) {
  contract("Called inside, throws … resource_deadlock_would_occur.");
  const auto refused = [](task_scope& scope) {
    try {
      scope.join();
    } catch (const std::system_error& error) {
      return error.code() == std::errc::resource_deadlock_would_occur;
    }
    return false;
  };
  std::atomic<int> seen = 0;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token) {
    seen += refused(scope) ? 1 : 0;
    task_scope inner;
    (void)inner.spawn([&](std::stop_token) {
      seen += refused(scope) ? 1 : 0;  // inside too: nobody could end
    });
    inner.join();
  });
  scope.join();

  EXPECT_EQ(seen, 2);
}

EXPLORED(leaks_patience, who_does_not_listen_is_told, 5.7, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("told to on_late, by the thread that waits; it goes on");
  explore::gate table;
  std::atomic<int> told = 0;
  unsigned line = 0;
  task_scope* self = nullptr;
  const auto tell = [&](const late_child& late) {
    EXPECT_EQ(explore::now(), 65s) << "60 s, and 5 s of patience";
    EXPECT_EQ(late.spawned.line(), line);
    self->cancel();  // it may: no lock of the scope is held
    ++told;
  };
  std::jthread clock([&] {
    std::this_thread::sleep_for(100s);
    table.open();
  });

  {
    task_scope scope({.patience = 5s, .on_late = tell});
    self = &scope;
    (void)scope.spawn([](std::stop_token) {});
    line = __LINE__ + 1;
    (void)scope.spawn([&](std::stop_token) { table.wait(); });
    std::this_thread::sleep_for(60s);  // not cancelled: nobody is late
  }

  EXPECT_EQ(told, 1) << "one child is late, and told once";
  EXPECT_EQ(explore::now(), 100s) << "the scope goes on waiting";
}

EXPLORED(leaks_patience, it_begins_with_the_first_cancel, 5.7, 1,
         .schedules = 100, .timeouts_race = false,
         .virtual_time = true) {
  contract("How long after the cancellation a child is not yet late.");
  explore::gate table;
  std::atomic<std::chrono::nanoseconds> told = 0ns;
  std::jthread clock([&] {
    std::this_thread::sleep_for(100s);
    table.open();
  });

  {
    task_scope scope(
        {.patience = 5s,
         .on_late = [&](const late_child&) { told = explore::now(); }});
    (void)scope.spawn([&](std::stop_token) { table.wait(); });
    scope.cancel();
    std::this_thread::sleep_for(3s);
    scope.cancel();  // idempotent; and so it is in the destructor
  }

  EXPECT_EQ(told.load(), 5s) << "a second cancel changes nothing";
}

EXPLORED(leaks_patience, it_may_be_endless, 5.7, 1, .schedules = 50,
         .timeouts_race = false, .virtual_time = true) {
  contract("With nanoseconds::max() none ever is.");
  using std::chrono::nanoseconds;
  std::atomic<int> told = 0;
  const auto tell = [&](const late_child&) { ++told; };

  for (const nanoseconds patience :
       {nanoseconds(1min), nanoseconds::max()}) {
    task_scope scope({.patience = patience, .on_late = tell});
    (void)scope.spawn(
        [](std::stop_token) { std::this_thread::sleep_for(1h); });
  }

  EXPECT_EQ(told, 1) << "the first child is late, the second never: do "
                        "cancellation and patience add up to the past?";
}

GRADED(leaks_patience, it_says_what_a_child_waits_in, 5.7, 1) {
  contract("A child that was told to stop, and has not ended.");
  int pipe[2] = {};
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  std::atomic<pid_t> reader = 0;
  std::string told;
  const auto tell = [&](const late_child& late) {
    told += late.waits_in;
    (void)!::write(pipe[1], "x", 1);
  };

  {
    task_scope scope({.patience = 0s, .on_late = tell});
    (void)scope.spawn([&](std::stop_token) {
      reader = ::gettid();
      char byte = 0;
      (void)!::read(pipe[0], &byte, 1);
    });
    wait_until([&] { return waits_in(reader) == "read"; });
  }

  EXPECT_EQ(told, "read");
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace workbook::step_7
