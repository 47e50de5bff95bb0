// The explorer's face on real threads, under ThreadSanitizer: what is a
// verdict there, and what is not. Built in the tree of that sanitizer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "explore/explore.hpp"
#include "explore/observer.hpp"
#include "grading/grading.hpp"
#include "grading/todo.hpp"

namespace {

using testing::HasSubstr;

explore::test_result last;

/// What the observer is told of a scenario.
explore::test_result told_of(void (*scenario)(),
                             explore::options wanted = {}) {
  explore::set_observer(
      [](const explore::test_result& what) { last = what; });
  explore::run("native.test", scenario, wanted);
  explore::set_observer(nullptr);
  return last;
}

/// Counts over the repetitions, each a process of its own: a file's
/// length is what they share.
bool every_second_time() {
  static std::FILE* const file = std::tmpfile();
  std::fputc('x', file);
  std::fflush(file);
  return std::ftell(file) % 2 == 0;
}

TEST(native_face, a_scenario_runs_on_real_threads) {
  const auto told = told_of([] {
    contract("threads are real");
    int written = 0;
    std::thread([&] { written = 1; }).join();
    EXPECT_EQ(written, 1);
    EXPECT_EQ(explore::threads_alive(), 0);
  });
  EXPECT_FALSE(told.failed) << told.failure;
  EXPECT_EQ(told.promise, "threads are real");
  EXPECT_EQ(told.strategy, "real threads");
}

TEST(native_face, what_fails_every_time_is_a_verdict) {
  const auto told = told_of([] { EXPECT_EQ(1, 2) << "never"; });
  EXPECT_TRUE(told.failed);
  EXPECT_THAT(told.failure, HasSubstr("never"));
  EXPECT_THAT(told.file, HasSubstr("native_test.cpp"));
}

TEST(native_face, what_fails_now_and_then_is_none) {
  every_second_time();
  EXPECT_FALSE(
      told_of([] { EXPECT_TRUE(every_second_time()); }).failed);
}

TEST(native_face, the_sanitizers_word_is_a_verdict) {
  const auto told = told_of([] {
    int raced = 0;
    std::thread one([&] { ++raced; });
    std::thread two([&] { ++raced; });
    one.join();
    two.join();
  });
  EXPECT_TRUE(told.failed);
  EXPECT_THAT(told.failure, HasSubstr("ThreadSanitizer: data race"));
}

TEST(native_face, a_crash_costs_its_own_test_only) {
  const auto told = told_of([] { std::abort(); });
  EXPECT_TRUE(told.failed);
  EXPECT_THAT(told.failure, HasSubstr("SIGABRT"));
}

TEST(native_face, an_unwritten_step_is_named) {
  const auto told = told_of([] { todo("1.3"); });
  EXPECT_EQ(told.unwritten, "1.3");
}

TEST(native_face, what_only_the_explorer_knows_is_not_run) {
  EXPECT_NE(told_of([] {}, {.virtual_time = true}).unavailable, "");
  const auto told =
      told_of([] { EXPECT_EQ(explore::locks_held(), 1); });
  EXPECT_FALSE(told.failed);
  EXPECT_THAT(told.unavailable, HasSubstr("which locks"));
}

}  // namespace
