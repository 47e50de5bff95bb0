// Step 2.9, bonus: actors that end together.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <vector>

#include "02_runner/tasks.hpp"
#include "grading/grading.hpp"
#include "run_group.hpp"

namespace workbook::step_9 {
namespace {

using namespace std::chrono_literals;

EXPLORED(runner_group, the_first_return_ends_it, 2.9, 2,
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

EXPLORED(runner_group, interrupts_in_reverse_order, 2.9, 2) {
  contract("the last started first, on the calling thread");
  contract("once each, the last started first.");
  contract("No user code runs while mutex_ is held.");
  explore::gate open;
  std::string order;
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
          locks += explore::locks_held();
          open.open();
        });
  }

  (void)group.run();

  EXPECT_EQ(order, "cba")
      << "who was started later may use who was started earlier, and "
         "so must end before it";
  EXPECT_EQ(locks, 0) << "interrupt was called under the mutex";
}

EXPLORED(runner_group, a_group_tells_who_is_overdue, 2.9, 2,
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
  EXPECT_THROW(run_group(-1ns), std::invalid_argument);
}

EXPLORED(runner_group, a_failed_start_ends_the_others, 2.9, 2) {
  contract("Throws std::system_error if a thread cannot be started");
  contract("Without actors: returns at once.");
  contract(
      "An interrupt is called only after some execute has returned "
      "or a start has failed");
  explore::gate open;
  run_group none(1h);
  EXPECT_FALSE(none.run().first) << "nobody was there to return";
  run_group group(1h);
  int unasked = 0;
  group.add([&] { open.wait(); }, [&] { open.open(); });
  group.add([] {}, [&] { ++unasked; });

  explore::fail_thread_start(2);

  EXPECT_THROW((void)group.run(), std::system_error);
  EXPECT_EQ(explore::threads_alive(), 0)
      << "actor 0 was started, and nobody interrupted it";
  EXPECT_EQ(unasked, 0) << "actor 1 never started: its interrupt may "
                           "rely on what execute makes";
}

}  // namespace
}  // namespace workbook::step_9
