// Step 5.10: the check as a guard, at the end of main, as a listener.

#include <gtest/gtest-spi.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "child_process.hpp"
#include "grading/grading.hpp"
#include "leak_guard.hpp"
#include "leak_listener.hpp"

namespace workbook::step_10 {
namespace {

leak_options at_once() {
  return {.pause = [](auto) {}};
}

GRADED(leaks_guard, it_reports_what_a_block_left, 5.10, 2) {
  contract("Checks a block.");
  contract(
      "If something was started during the guard's life and still "
      "exists at its end, the destructor calls `on_leak` once with all "
      "of it. … An exception may leave the block.");
  std::vector<std::string> reports;
  const auto report = [&](const std::vector<leak>& leaks) {
    reports.push_back(std::to_string(leaks.size()));
  };
  std::promise<void> go;
  std::jthread left;
  int file = -1;

  {
    leak_guard clean({}, report);
    spawn([] {}).join();  // the kernel may need a moment
  }
  EXPECT_TRUE(reports.empty()) << "nothing was left behind";
  try {
    leak_guard guard(at_once(), report);
    left = spawn([&] { go.get_future().wait(); });
    file = ::dup(STDIN_FILENO);
    throw std::runtime_error("out of the block");
  } catch (const std::runtime_error&) {
  }
  go.set_value();
  ::close(file);

  EXPECT_EQ(reports, std::vector<std::string>{"2"})
      << "one call, with the thread and the descriptor";
}

GRADED(leaks_guard, without_a_handler_it_aborts, 5.10, 2) {
  contract(
      "Without `on_leak` it prints the leaks and calls std::abort.");

  const ended_as end = in_a_process([] {
    leak_guard guard(at_once());
    (void)!::dup(STDIN_FILENO);
  });

  EXPECT_EQ(end.status, -1) << "the program ran on";
  EXPECT_NE(end.output.find("leak: descriptor"), std::string::npos)
      << end.output;
}

GRADED(leaks_main, the_end_of_main_is_checked, 5.10, 2) {
  contract(
      "Returns the exit status for main: 1 if `status` is 0 and "
      "something leaked, otherwise `status`.");
  const leak_check check(at_once());

  EXPECT_EQ(end_of_main(check, 0), 0);
  EXPECT_EQ(end_of_main(check, 4), 4);
  const int left = ::dup(STDIN_FILENO);
  const int clean_status = end_of_main(check, 0);
  const int own_status = end_of_main(check, 4);
  ::close(left);

  EXPECT_EQ(clean_status, 1);
  EXPECT_EQ(own_status, 4) << "the program's own status is kept";
}

GRADED(leaks_main, it_says_what_was_left, 5.10, 1) {
  contract(
      "Prints each of `leaks` on stderr, with the call stack of its "
      "spawn.");
  contract(
      "Prints the leaks, if any. Returns the exit status for main");

  const ended_as end = in_a_process([] {
    const leak_check check(at_once());
    (void)!::dup(STDIN_FILENO);
    (void)!::dup(STDOUT_FILENO);
    ::_exit(end_of_main(check, 0));
  });

  EXPECT_EQ(end.status, 1);
  const std::size_t first = end.output.find("leak: descriptor");
  ASSERT_NE(first, std::string::npos)
      << "a status of 1, and no reason: " << end.output;
  EXPECT_NE(end.output.find("leak: descriptor", first + 1),
            std::string::npos)
      << "two were left: " << end.output;
}

GRADED(leaks_listener, it_fails_only_the_test_that_leaked, 5.10, 2) {
  contract(
      "A test that has failed already gets no second failure … A test "
      "that ran at the same time as another test is not checked");
  leak_listener listener(at_once());
  const auto leaves = [&](bool failed) {
    const int left = ::dup(STDIN_FILENO);
    const std::size_t leaks = listener.ended(failed).size();
    ::close(left);
    return leaks;
  };

  listener.began();
  EXPECT_EQ(leaves(false), 1U) << "it has left a descriptor";
  listener.began();
  EXPECT_EQ(leaves(true), 0U) << "it has failed already";
  listener.began();
  listener.began();  // at the same time
  EXPECT_EQ(leaves(false), 0U) << "it did not run alone";
  EXPECT_EQ(leaves(false), 0U) << "another test ran with it at first";
  listener.began();
  EXPECT_EQ(leaves(false), 1U) << "alone again";
}

GRADED(leaks_listener, a_leak_belongs_to_one_test, 5.10, 1) {
  contract("A test starts.");
  contract("A test ends. Returns its leaks, if it is checked.");
  leak_listener listener(at_once());
  std::vector<int> kept;

  for (const bool failed : {false, true}) {
    listener.began();
    kept.push_back(::dup(STDIN_FILENO));
    EXPECT_EQ(listener.ended(failed).size(), failed ? 0U : 1U);
    listener.began();
    EXPECT_TRUE(listener.ended(false).empty())
        << "the test before it has left a descriptor";
  }

  for (const int each : kept) {
    ::close(each);
  }
}

EXPLORED(leaks_listener, tests_may_run_on_any_thread, 5.10, 1,
         .schedules = 20) {
  contract("Thread safety: tests may start and end on any thread.");
  leak_listener listener(at_once());
  const auto run = [&] {
    listener.began();
    EXPECT_TRUE(listener.ended(true).empty());
  };

  std::jthread one(run);
  std::jthread other(run);
}

GRADED(leaks_listener, each_leak_is_a_failure, 5.10, 1) {
  contract(
      "leak_listener adds a failure for every leak of a test, with the "
      "leak's line.");
  leak_listener listener(at_once());
  const testing::TestInfo& self =
      *testing::UnitTest::GetInstance()->current_test_info();
  testing::TestPartResultArray failures;

  listener.OnTestStart(self);
  const int one = ::dup(STDIN_FILENO);
  const int other = ::dup(STDIN_FILENO);
  {
    testing::ScopedFakeTestPartResultReporter caught(
        testing::ScopedFakeTestPartResultReporter::
            INTERCEPT_ONLY_CURRENT_THREAD,
        &failures);
    listener.OnTestEnd(self);
  }
  ::close(one);
  ::close(other);

  ASSERT_EQ(failures.size(), 2);
  for (int i = 0; i < 2; ++i) {
    const std::string words = failures.GetTestPartResult(i).message();
    EXPECT_NE(words.find("left behind: descriptor"), std::string::npos)
        << words;
  }
}

}  // namespace
}  // namespace workbook::step_10
