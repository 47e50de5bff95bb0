// Step 5.9: the check as a guard, at the end of main, as a listener.

#include <unistd.h>

#include <cstdlib>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "child_process.hpp"
#include "grading/grading.hpp"
#include "leak_guard.hpp"
#include "leak_listener.hpp"

namespace workbook::step_9 {
namespace {

leak_options at_once() {
  return {.pause = [](auto) {}};
}

GRADED(leaks_guard, it_tells_what_a_block_left, 5.9, 3) {
  contract("goes to `on_leak`, once, and only if there is any");
  std::vector<std::string> told;
  const auto tell = [&](const std::vector<leak>& leaks) {
    told.push_back(std::to_string(leaks.size()));
  };
  std::promise<void> go;
  std::jthread left;

  {
    leak_guard clean({}, tell);
    spawn([] {}).join();  // it may need a moment to be gone
  }
  EXPECT_TRUE(told.empty()) << "nothing was left, and it was told";
  try {
    leak_guard guard(at_once(), tell);
    left = spawn([&] { go.get_future().wait(); });
    throw std::runtime_error("out of the block");
  } catch (const std::runtime_error&) {
  }
  go.set_value();

  EXPECT_EQ(told, std::vector<std::string>{"1"});
}

GRADED(leaks_guard, without_a_handler_it_aborts, 5.9, 2) {
  contract("none means: print it, and std::abort");

  const ended_as end = in_a_process([] {
    leak_guard guard(at_once());
    (void)!::dup(STDIN_FILENO);
  });

  EXPECT_EQ(end.status, -1) << "the program went on";
  EXPECT_NE(end.output.find("leak: descriptor"), std::string::npos)
      << end.output;
}

GRADED(leaks_main, the_end_of_main_is_checked, 5.9, 2) {
  contract("`status`, but 1 if that is 0 and something was left behind");
  const leak_check check(at_once());

  EXPECT_EQ(end_of_main(check, 0), 0);
  EXPECT_EQ(end_of_main(check, 4), 4);
  const int left = ::dup(STDIN_FILENO);
  const int clean_status = end_of_main(check, 0);
  const int own_status = end_of_main(check, 4);
  ::close(left);

  EXPECT_EQ(clean_status, 1);
  EXPECT_EQ(own_status, 4) << "the program's own failure comes first";
}

GRADED(leaks_main, it_says_what_was_left, 5.9, 1) {
  contract("Prints the leaks, if any");

  const ended_as end = in_a_process([] {
    const leak_check check(at_once());
    (void)!::dup(STDIN_FILENO);
    ::_exit(end_of_main(check, 0));
  });

  EXPECT_EQ(end.status, 1);
  EXPECT_NE(end.output.find("leak: descriptor"), std::string::npos)
      << "a status of 1, and nobody knows why: " << end.output;
}

GRADED(leaks_listener, it_blames_who_leaked, 5.9, 2) {
  contract(
      "blames no test that has failed already; nor one that was "
      "not alone");
  leak_listener listener(at_once());
  const auto leaves = [&](bool failed) {
    const int left = ::dup(STDIN_FILENO);
    const std::size_t blamed = listener.ended(failed).size();
    ::close(left);
    return blamed;
  };

  listener.began();
  EXPECT_EQ(leaves(false), 1U) << "it has left a descriptor";
  listener.began();
  EXPECT_EQ(leaves(true), 0U) << "it has failed: no second blame";
  listener.began();
  listener.began();  // at the same time
  EXPECT_EQ(leaves(false), 0U) << "whose is it?";
  EXPECT_EQ(leaves(false), 0U) << "it was not alone all the time";
  listener.began();
  EXPECT_EQ(leaves(false), 1U) << "alone again";
}

// The reader's listener in a program of its own: this one, with two
// tests that nobody grades.
const bool has_listener = [] {
  if (std::getenv("LEAKS_INNER") != nullptr) {
    testing::UnitTest::GetInstance()->listeners().Append(
        new leak_listener(at_once()));
  }
  return true;
}();

TEST(leaks_inner, leaves_a_descriptor) {
  (void)!::dup(STDIN_FILENO);
}

TEST(leaks_inner, leaves_nothing) {}

GRADED(leaks_listener, a_test_that_leaks_fails, 5.9, 2) {
  contract("adds a failure, with the leak's line, for everything");
  leak_listener written(at_once());
  written.began();

  const ended_as end = in_a_process([] {
    ::setenv("LEAKS_INNER", "1", 1);
    ::unsetenv("WORKBOOK_CHANNEL");
    ::execl("/proc/self/exe", "step_9", "--gtest_filter=leaks_inner.*",
            nullptr);
  });

  EXPECT_EQ(end.status, 1) << end.output;
  EXPECT_NE(end.output.find("left behind: descriptor"),
            std::string::npos)
      << end.output;
  EXPECT_NE(end.output.find("\n 1 FAILED TEST\n"), std::string::npos)
      << "the one after it was blamed as well:\n"
      << end.output;
}

}  // namespace
}  // namespace workbook::step_9
