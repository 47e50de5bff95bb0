// Bonus step 6.15: a work-stealing deque.

#include <array>
#include <atomic>
#include <thread>

#include "deque.hpp"
#include "grading/grading.hpp"
#include "on_one.hpp"
#include "wait_group.hpp"

namespace workbook::gmp::step_15 {
namespace {

using namespace testing_kit;

GRADED(gmp_deque, is_a_stack_for_its_owner, 6.15, 2) {
  contract("Removes the youngest entry; null if there is none.");
  std::array<int, 5> entries{};
  deque<int, 4> own;

  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(own.push(&entries[i]));
  }
  EXPECT_FALSE(own.push(&entries[4]));
  EXPECT_EQ(own.steal(), &entries[0]) << "a thief takes the oldest";
  for (const std::size_t each : {3u, 2u, 1u}) {
    EXPECT_EQ(own.pop(), &entries[each]);
  }
  EXPECT_EQ(own.pop(), nullptr);
  EXPECT_EQ(own.steal(), nullptr);
}

EXPLORED(gmp_deque, the_last_entry_has_one_taker, 6.15, 3) {
  contract("Who takes the last entry, owner or thief, moves top_.");
  contract(
      "A bounded stack of pointers for its owner, from whose other end "
      "any");
  contract(
      "Adds `entry` at the owner's end; false if there are `limit`");
  contract(
      "Removes the oldest entry; null if there is none, or if another");
  std::array<int, 3> entries{};
  std::array<std::atomic<int>, 3> taken{};
  deque<int, 4> own;
  const auto note = [&](int* entry) {
    if (entry != nullptr) {
      ++taken[static_cast<std::size_t>(entry - entries.data())];
    }
  };

  std::jthread thief([&] {
    explore::role("thief");
    note(own.steal());
    note(own.steal());
  });
  for (int& each : entries) {
    EXPECT_TRUE(own.push(&each));
  }
  for (int i = 0; i < 3; ++i) {
    note(own.pop());
  }
  thief.join();
  for (const auto& each : taken) {
    EXPECT_EQ(each, 1);
  }
}

}  // namespace
}  // namespace workbook::gmp::step_15
