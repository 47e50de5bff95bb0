// Step 6.1: two stacks and one switch.

#include <cfenv>
#include <cstdint>
#include <memory>
#include <vector>

#include "context.hpp"
#include "grading/grading.hpp"

namespace workbook::gmp::step_1 {
namespace {

constexpr std::size_t size = 64 * 1024;

struct two_stacks {
  std::unique_ptr<std::byte[]> memory{new std::byte[size]};
  context main = nullptr;
  context other = nullptr;
  std::vector<int> happened;
  std::uintptr_t frame = 0;
  void* passed = nullptr;

  void begin(stack_function function) {
    other = prepare_stack(memory.get() + size, function, this);
  }
  void* enter(void* value = nullptr) {
    return switch_context(main, other, value);
  }
  void* leave(void* value = nullptr) {
    return switch_context(other, main, value);
  }
};

GRADED(gmp_switch, runs_the_function_on_the_new_stack, 6.1, 2) {
  contract("the first switch to it calls function(passed, argument)");
  contract(
      "Where a new stack begins: calls the function in its first "
      "frame.");
  contract(
      "Returns, when somebody switches back, the `passed` of that "
      "switch.");
  contract("Returns what the switch that comes back passes.");
  contract("`passed` comes from the first switch to the stack.");
  two_stacks two;
  two.begin([](void* passed, void* argument) {
    auto& own = *static_cast<two_stacks*>(argument);
    own.passed = passed;
    own.frame =
        reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    for (;;) {
      own.leave(&own);
    }
  });

  int value = 0;
  void* const back = two.enter(&value);

  const auto low = reinterpret_cast<std::uintptr_t>(two.memory.get());
  EXPECT_EQ(two.passed, &value) << "`passed` did not arrive";
  EXPECT_EQ(back, &two) << "the switch back passed something else";
  EXPECT_GT(two.frame, low) << "the function ran on another stack";
  EXPECT_LT(two.frame, low + size) << "the function ran elsewhere";
}

GRADED(gmp_switch, goes_on_where_it_left, 6.1, 2) {
  contract("then continues where `to` was saved");
  contract(
      "Leaves the running stack, whose context is then in `from`, for "
      "`to`.");
  two_stacks two;
  two.begin([](void*, void* argument) {
    auto& own = *static_cast<two_stacks*>(argument);
    for (int i = 0;; i += 2) {
      own.happened.push_back(i);
      own.leave();
    }
  });

  for (int i = 1; i < 6; i += 2) {
    two.enter();
    two.happened.push_back(i);
  }

  EXPECT_EQ(two.happened, (std::vector{0, 1, 2, 3, 4, 5}));
}

GRADED(gmp_switch, aligns_the_stack, 6.1, 1) {
  contract("with the stack aligned as the calling convention demands");
  two_stacks two;
  two.begin([](void*, void* argument) {
    auto& own = *static_cast<two_stacks*>(argument);
    own.frame =
        reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    for (;;) {
      own.leave();
    }
  });

  two.enter();

  EXPECT_EQ(two.frame % 16, 0u)
      << "a call leaves the stack 8 bytes off, and the prologue makes "
         "that good: the frame of a function is a multiple of 16";
}

GRADED(gmp_switch, rounding_belongs_to_a_stack, 6.1, 1) {
  contract("The floating-point modes that <cfenv> changes belong to a");
  two_stacks two;
  two.begin([](void*, void* argument) {
    auto& own = *static_cast<two_stacks*>(argument);
    own.happened.push_back(std::fegetround());
    std::fesetround(FE_UPWARD);
    own.leave();
    own.happened.push_back(std::fegetround());
    for (;;) {
      own.leave();
    }
  });

  two.enter();
  const int between = std::fegetround();
  two.enter();
  const int at_end = std::fegetround();
  std::fesetround(FE_TONEAREST);

  EXPECT_EQ(between, FE_TONEAREST) << "the other stack's mode leaked";
  EXPECT_EQ(at_end, FE_TONEAREST) << "the other stack's mode leaked";
  EXPECT_EQ(two.happened, (std::vector{FE_TONEAREST, FE_UPWARD}));
}

}  // namespace
}  // namespace workbook::gmp::step_1
