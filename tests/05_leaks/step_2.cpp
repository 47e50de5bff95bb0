// Step 5.2: a search that may end before its source does.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include "grading/grading.hpp"
#include "leak_2.hpp"

namespace workbook::step_2 {
namespace {

using namespace std::chrono_literals;

// 1, 2, 3, …, up to `last`.
struct numbers {
  explicit numbers(int end) : last(end) {}

  std::function<std::optional<int>()> source() {
    return [this]() -> std::optional<int> {
      return asked == last ? std::nullopt : std::optional(++asked);
    };
  }

  const int last;
  std::atomic<int> asked = 0;
};

constexpr int no_end = -1;

EXPLORED(leaks_search, it_leaves_a_source_without_end, 5.2, 2,
         .schedules = 150) {
  contract(
      "In every case, the thread that it started has ended when it "
      "returns or throws.");
  std::atomic<bool> returned = false;
  numbers from(no_end);

  std::jthread search([&] {
    explore::role("search");
    EXPECT_EQ(first_wanted(from.source(), [](int n) { return n == 2; }),
              2);
    returned = true;
  });
  explore::settle();

  ASSERT_TRUE(returned)
      << "step 5.2: the search has found its value and does not "
         "return; "
      << explore::waiting() << " threads wait";
  search.join();
  EXPECT_EQ(explore::threads_alive(), 0)
      << "step 5.2: the search has returned, and its source runs on";
}

EXPLORED(leaks_search, it_leaves_when_wanted_throws, 5.2, 2,
         .schedules = 150) {
  contract("Rethrows what `wanted` throws. In every case, the thread");
  std::atomic<bool> returned = false;
  numbers from(12);
  numbers more(12);

  std::jthread search([&] {
    explore::role("search");
    EXPECT_THROW((void)first_wanted(from.source(),
                                    [](int) -> bool {
                                      throw std::runtime_error("no");
                                    }),
                 std::runtime_error);
    EXPECT_THROW(
        (void)first_wanted(more.source(), [](int) -> bool { throw 7; }),
        int);
    returned = true;
  });
  explore::settle();

  ASSERT_TRUE(returned) << "step 5.2: `wanted` has thrown, and the "
                           "search does not return";
  search.join();
  EXPECT_EQ(explore::threads_alive(), 0)
      << "step 5.2: its thread is left";
}

EXPLORED(leaks_search, a_source_may_end_first, 5.2, 1,
         .schedules = 100) {
  contract(
      "Returns the first value of `source` that `wanted` accepts, or "
      "nothing if the source ends first by returning nothing.");
  std::atomic<bool> returned = false;
  numbers few(6);
  numbers many(20);

  std::jthread search([&] {
    explore::role("search");
    EXPECT_EQ(first_wanted(few.source(), [](int n) { return n > 6; }),
              std::nullopt);
    EXPECT_EQ(first_wanted(many.source(), [](int n) { return n > 5; }),
              6)
        << "values are lost, or out of order";
    const auto digits = [n = 0]() mutable { return n++ % 5; };
    EXPECT_EQ(first_wanted(digits, [](int n) { return n == 3; }), 3)
        << "0 is a value like any other";
    returned = true;
  });
  explore::settle();

  ASSERT_TRUE(returned) << "step 5.2: the search does not return, "
                           "though the source ends after 20 values";
}

EXPLORED(leaks_search, its_source_is_a_little_ahead, 5.2, 1,
         .schedules = 50, .timeouts_race = false,
         .virtual_time = true) {
  contract(
      "Calls `source` on a thread of its own, at most ten values ahead "
      "of the search.");
  std::atomic<int> asked = 0;
  std::atomic<int> asked_here = 0;
  std::atomic<int> most_ahead = 0;
  std::atomic<bool> returned = false;

  std::jthread search([&] {
    explore::role("search");
    const std::thread::id self = std::this_thread::get_id();
    (void)first_wanted(
        [&]() -> std::optional<int> {
          asked_here += std::this_thread::get_id() == self ? 1 : 0;
          return ++asked;
        },
        [&](int n) {
          // Time passes when the source is as far ahead as it may be.
          std::this_thread::sleep_for(1s);
          most_ahead = std::max<int>(most_ahead, asked - n);
          return n == 3;
        });
    returned = true;
  });
  std::this_thread::sleep_for(1h);
  ASSERT_TRUE(returned) << "step 5.2: the search has found its value "
                           "and does not return";

  EXPECT_EQ(asked_here, 0) << "the search calls its source itself";
  EXPECT_LE(most_ahead, 10) << "the source runs too far ahead";
}

}  // namespace
}  // namespace workbook::step_2
