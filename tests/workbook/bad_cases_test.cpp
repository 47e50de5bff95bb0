// What the reader's code does costs its own test only, and the record
// says what it was.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "workbook/process_snapshot.hpp"
#include "workbook/run_test.hpp"

namespace workbook {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Runs one test of fixture/bad_cases.cpp under small limits.
outcome run_bad(const std::string& name) {
  test_request request;
  request.program = WORKBOOK_BAD_CASES;
  request.name = "bad." + name;
  request.limits.cpu_seconds = 1;
  request.limits.still_seconds = 1.5;
  request.limits.wall_seconds = 30;
  request.limits.memory_bytes = 256UL << 20U;
  return run_test(request);
}

TEST(bad_cases, a_test_that_passes_passes) {
  const outcome result = run_bad("nothing_at_all");
  EXPECT_EQ(result.status, verdict::pass) << result.message;
  EXPECT_EQ(result.promise, "all is well");
  EXPECT_THAT(result.message, IsEmpty());
}

TEST(bad_cases, a_failure_says_what_and_where) {
  const outcome result = run_bad("a_failed_expectation");
  EXPECT_EQ(result.status, verdict::fail);
  EXPECT_EQ(result.message, "expected 5, got 4\n  at fixture.cpp:1");
}

TEST(bad_cases, an_unwritten_step_is_named) {
  const outcome result = run_bad("an_unwritten_step");
  EXPECT_EQ(result.status, verdict::not_written);
  EXPECT_EQ(result.message, "step 9.1 is not written yet");
}

TEST(bad_cases, an_endless_loop_ends_by_processor_time) {
  for (const char* each :
       {"an_endless_loop", "an_endless_loop_in_a_child"}) {
    const outcome result = run_bad(each);
    EXPECT_EQ(result.status, verdict::timeout) << each;
    EXPECT_THAT(result.message, HasSubstr("an endless loop?")) << each;
  }
}

TEST(bad_cases, a_deadlock_is_seen_from_what_threads_wait_in) {
  const outcome result = run_bad("a_deadlock");
  EXPECT_EQ(result.status, verdict::timeout);
  EXPECT_THAT(result.message, HasSubstr("hangs: no thread can go on; "
                                        "3 threads wait for a lock"));
}

TEST(bad_cases, a_read_that_never_returns_is_a_hang) {
  const outcome result = run_bad("a_read_that_never_returns");
  EXPECT_EQ(result.status, verdict::timeout);
  EXPECT_THAT(result.message, HasSubstr("something to read"));
}

TEST(bad_cases, a_stopped_process_is_a_hang) {
  const outcome result = run_bad("a_stop_of_itself");
  EXPECT_EQ(result.status, verdict::timeout);
  EXPECT_THAT(result.message, HasSubstr("it is stopped"));
}

TEST(bad_cases, a_crash_names_the_signal) {
  EXPECT_THAT(run_bad("a_segmentation_fault").message,
              HasSubstr("SIGSEGV (Segmentation fault)"));
  EXPECT_THAT(run_bad("an_abort").message, HasSubstr("SIGABRT"));
  EXPECT_THAT(run_bad("a_kill_of_itself").message,
              HasSubstr("SIGKILL"));
  EXPECT_EQ(run_bad("an_abort").status, verdict::crash);
}

TEST(bad_cases, terminate_shows_the_exception) {
  const outcome result = run_bad("a_thread_that_throws");
  EXPECT_EQ(result.status, verdict::crash);
  EXPECT_THAT(result.message, HasSubstr("nobody catches this"));
}

TEST(bad_cases, exit_with_success_is_no_pass) {
  const outcome result = run_bad("an_exit_with_success");
  EXPECT_EQ(result.status, verdict::crash);
  EXPECT_THAT(result.message, HasSubstr("exit status 0 in the middle"));
}

TEST(bad_cases, a_flood_is_stopped) {
  const outcome result = run_bad("a_gigabyte_of_output");
  EXPECT_EQ(result.status, verdict::crash);
  EXPECT_THAT(result.message, HasSubstr("more than 64 MiB of output"));
}

TEST(bad_cases, a_closed_stdout_does_no_harm) {
  const outcome result = run_bad("a_closed_stdout");
  EXPECT_EQ(result.status, verdict::fail);
  EXPECT_THAT(result.message, HasSubstr("still reported"));
}

// What tests of this kind cannot know of a real one is the word: there
// it is taken away before the code under test begins.
TEST(bad_cases, a_forged_end_is_no_pass) {
  EXPECT_EQ(run_bad("a_forged_end").status, verdict::crash);
}

TEST(bad_cases, variables_of_ours_are_not_handed_on) {
  ::setenv("WORKBOOK_SEED", "17", 1);
  EXPECT_EQ(run_bad("no_seed_from_outside").status, verdict::pass);
  ::unsetenv("WORKBOOK_SEED");
}

TEST(bad_cases, a_closed_channel_is_no_pass) {
  EXPECT_EQ(run_bad("a_closed_channel").status, verdict::crash);
}

TEST(bad_cases, no_child_stays_behind) {
  EXPECT_EQ(run_bad("a_child_that_stays_behind").status, verdict::pass);
  const outcome many = run_bad("many_children");
  EXPECT_EQ(many.status, verdict::crash);
  EXPECT_THAT(many.message, HasSubstr("processes"));
  EXPECT_THAT(processes_of_program(WORKBOOK_BAD_CASES), IsEmpty());
}

TEST(bad_cases, too_much_memory_is_stopped) {
  const outcome result = run_bad("all_the_memory");
  EXPECT_EQ(result.status, verdict::crash);
  EXPECT_THAT(result.message, HasSubstr("256 MiB of memory"));
}

TEST(bad_cases, bytes_that_are_no_text_are_survived) {
  EXPECT_EQ(run_bad("bytes_that_are_no_text").status, verdict::crash);
}

TEST(bad_cases, a_missing_program_is_not_the_readers_fault) {
  test_request request;
  request.program = "/nowhere/step_1";
  request.name = "bad.nothing_at_all";
  const outcome result = run_test(request);
  EXPECT_EQ(result.status, verdict::infrastructure);
  EXPECT_EQ(result.message, "/nowhere/step_1: is not there");
}

}  // namespace
}  // namespace workbook
