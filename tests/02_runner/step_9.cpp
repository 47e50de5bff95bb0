// Step 2.9, bonus: actors that end together.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "02_runner/tasks.hpp"
#include "grading/grading.hpp"
#include "run_group.hpp"

namespace workbook::step_9 {
namespace {

using namespace std::chrono_literals;

EXPLORED(runner_group, the_first_return_ends_it, 2.9, 1,
         .timeouts_race = false) {
  contract("The first to return, or to throw, ends the group");
  contract("When run returns, every execute that was started has.");
  contract(
      "How a group ended, reported when all its actors have "
      "returned.");
  explore::gate open;
  std::atomic<int> returned = 0;
  run_group group(1h);
  group.add(
      [&] {
        open.wait();
        ++returned;
      },
      [&] { open.open(); });
  group.add([&] { ++returned; }, [] {});

  const group_report told = group.run();

  EXPECT_EQ(told.first, std::size_t{1}) << "actor 1 returned first";
  EXPECT_EQ(returned, 2) << "run came back before all had returned";
  EXPECT_TRUE(told.overdue.empty());
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(runner_group, interrupts_in_reverse_order, 2.9, 1) {
  contract("the last started first, on the calling thread");
  contract("once each, the last started first.");
  contract("No user code runs while mutex_ is held.");
  explore::gate open;
  std::string order;
  std::set<std::thread::id> on;
  int locks = 0;
  run_group group(1h);
  for (const char letter : {'a', 'b', 'c'}) {
    const bool last = letter == 'c';
    group.add(
        [&open, last] {
          if (!last) {
            open.wait();
          }
        },
        [&, letter] {
          order += letter;
          on.insert(std::this_thread::get_id());
          locks += explore::locks_held();
          open.open();
        });
  }

  (void)group.run();

  EXPECT_EQ(order, "cba")
      << "who was started later may use who was started earlier, and "
         "so must end before it";
  EXPECT_EQ(locks, 0) << "interrupt was called under the mutex";
  EXPECT_EQ(on, std::set{std::this_thread::get_id()})
      << "interrupt was called on another thread than run";
}

EXPLORED(runner_group, a_group_tells_who_is_overdue, 2.9, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "An actor that still runs `grace` after the last interrupt "
      "call is reported as overdue.");
  run_group group(2s);
  group.add([] { std::this_thread::sleep_for(9s); }, [] {});
  group.add([] { std::this_thread::sleep_for(1s); }, [] {});
  group.add([] { std::this_thread::sleep_for(2s); }, [] {});
  group.add([] { std::this_thread::sleep_for(4s); }, [] {});

  const group_report told = group.run();

  EXPECT_EQ(told.first, std::size_t{1});
  EXPECT_EQ(told.overdue, (std::vector<std::size_t>{3, 0}))
      << "interrupted at 1 s: actor 2 returned in time, 0 and 3 not; "
         "the last started was interrupted first";
  EXPECT_EQ(seconds(explore::now()), 9) << "all are waited for";
}

EXPLORED(runner_group, a_group_waits_without_polling, 2.9, 1,
         .polls = false) {
  contract("Blocks until all have returned; later errors are dropped.");
  contract(
      "Appends an actor: `interrupt` makes `execute` return soon, also "
      "if it has not begun; it must not throw.");
  explore::gate open;
  std::atomic<bool> ended = false;
  run_group group(std::chrono::nanoseconds::max());
  for (int i = 0; i < 2; ++i) {
    group.add([&] { open.wait(); }, [&] { open.open(); });
  }

  std::jthread caller([&] {
    EXPECT_TRUE(group.run().overdue.empty())
        << "the grace is the longest duration there is";
    ended = true;
  });
  explore::settle();
  EXPECT_FALSE(ended) << "run came back, and no actor had returned";
  EXPECT_EQ(explore::sleeping(), 0) << "run sleeps and looks again";
  open.open();
}

EXPLORED(runner_group, a_group_runs_again, 2.9, 1) {
  contract("later errors are dropped … A second run starts afresh.");
  explore::gate first;
  explore::gate last;
  bool again = false;
  run_group group(1h);
  group.add(
      [&] {
        first.wait();
        throw std::runtime_error(again ? "again" : "later");
      },
      [&] { first.open(); });
  group.add([&] { again ? last.wait() : void(); },
            [&] { again ? last.open() : void(); });

  const group_report told = group.run();
  again = true;
  const group_report second = group.run();

  EXPECT_EQ(told.first, std::size_t{1});
  EXPECT_EQ(words(told.error), "none")
      << "actor 1 ended the group; actor 0 threw when it was asked to";
  EXPECT_EQ(words(second.error), "again");
}

EXPLORED(runner_group, a_group_forgets_its_error, 2.9, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("A second run starts afresh.");
  bool fails = true;
  run_group group(1s);
  group.add(
      [&] {
        if (std::exchange(fails, false)) {
          throw "once";  // not every exception is std's
        }
      },
      [] {});

  EXPECT_EQ(words(group.run().error), "once");
  const group_report second = group.run();

  EXPECT_EQ(words(second.error), "none")
      << "the first run's error is in the second one's report";
  EXPECT_EQ(second.first, std::size_t{0});
}

EXPLORED(runner_group, the_grace_begins_with_the_last, 2.9, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "An actor that still runs `grace` after the last interrupt "
      "call is reported as overdue.");
  const auto overdue = [](std::chrono::nanoseconds grace) {
    run_group group(grace);
    group.add([] { std::this_thread::sleep_for(5s); }, [] {});
    group.add([] { std::this_thread::sleep_for(1s); },
              [] { std::this_thread::sleep_for(3s); });
    return group.run().overdue;
  };

  EXPECT_TRUE(overdue(2s).empty())
      << "interrupted until 4 s, with a grace until 6 s: actor 0 "
         "returned at 5 s, in time";
  EXPECT_EQ(overdue(0s), std::vector<std::size_t>{0})
      << "a grace of nothing ends at 4 s, and actor 0 still ran";
}

EXPLORED(runner_group, an_error_ends_it_too, 2.9, 1) {
  contract("or to throw");
  contract("Throws std::invalid_argument if `grace` is negative.");
  contract("Throws std::invalid_argument if one of them is empty.");
  run_group group(1h);
  group.add([] { throw std::runtime_error("no port"); }, [] {});

  const group_report told = group.run();

  EXPECT_EQ(told.first, std::size_t{0});
  EXPECT_EQ(words(told.error), "no port");
  EXPECT_THROW(group.add(nullptr, [] {}), std::invalid_argument);
  EXPECT_THROW(group.add([] {}, nullptr), std::invalid_argument);
  EXPECT_THROW(run_group(-1ns), std::invalid_argument);
}

EXPLORED(runner_group, a_failed_start_ends_the_others, 2.9, 2) {
  contract("Throws std::system_error if a thread cannot be started");
  contract("Without actors: returns at once.");
  contract("Starts the actors in the order of add.");
  contract(
      "An interrupt is called only after some execute has returned "
      "or a start has failed");
  explore::gate open;
  explore::gate second;
  run_group none(1h);
  EXPECT_FALSE(none.run().first) << "nobody was there to return";
  run_group group(1h);
  int unasked = 0;
  std::atomic<bool> begun = false;
  for (explore::gate* const each : {&open, &second}) {
    group.add([each] { each->wait(); }, [each] { each->open(); });
  }
  group.add([&] { begun = true; }, [&] { ++unasked; });

  explore::fail_thread_start(3);

  EXPECT_THROW((void)group.run(), std::system_error);
  EXPECT_EQ(explore::threads_alive(), 0)
      << "actors 0 and 1 were started, and one was not interrupted";
  EXPECT_FALSE(begun) << "actor 2 was started before another one";
  EXPECT_EQ(unasked, 0) << "actor 2 never started: its interrupt may "
                           "rely on what execute makes";
}

}  // namespace
}  // namespace workbook::step_9
