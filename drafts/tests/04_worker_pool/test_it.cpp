// Step 4.8, test it: the reader's tests against three right pools, all
// of which they must spare, and eight wrong ones, each to be caught.
// All of them are in this program (tests/chapter.cmake), which runs
// itself with one pool's tests.

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "grading/grading.hpp"
#include "grading/todo.hpp"

namespace workbook {
namespace {

namespace fs = std::filesystem;

// How the reader's tests went against one pool.
struct verdict {
  bool failed = false;
  std::string output;

  // The first test that failed, or what else there is to say.
  [[nodiscard]] std::string blamed() const {
    static const std::regex line(R"(\[  FAILED  \] \w+\.(\w+))");
    std::smatch found;
    return std::regex_search(output, found, line)
               ? found[1].str()
               : "(none: the program ended early)";
  }
};

verdict run_against(const std::string& pool) {
  const std::string program = fs::read_symlink("/proc/self/exe");
  // The channel is this test's: what the reader's say is not for it.
  const std::string command =
      "env -u WORKBOOK_CHANNEL -u WORKBOOK_SEED -u WORKBOOK_LANES '" +
      program + "' '--gtest_filter=" + pool +
      ".*' --gtest_fail_fast --gtest_color=no 2>&1";
  verdict told;
  FILE* const pipe = popen(command.c_str(), "r");
  std::array<char, 4096> part;
  while (std::fgets(part.data(), static_cast<int>(part.size()), pipe)) {
    told.output += part.data();
  }
  told.failed = pclose(pipe) != 0;
  return told;
}

// Whether the reader has written any test.
bool any_test() {
  const char* const folder = std::getenv("WORKBOOK_SOURCES");
  std::ifstream file(fs::path(folder ? folder : ".") / "my_tests.cpp");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  static const std::regex test(R"((^|\n)MY_TEST\()");
  return std::regex_search(text, test);
}

// Fails unless all the reader's tests pass against a right pool. That
// they did is noted beside the program and holds until it is built
// anew, for all who catch a pool ask for it.
void spare(const std::string& pool) {
  if (!any_test()) {
    grading::step_is_not_written("4.8");
  }
  if (!explore::exploring()) {
    GTEST_SKIP() << "a wrong pool may hang; the explorer would see it";
  }
  const fs::path program = fs::read_symlink("/proc/self/exe");
  const fs::path note = program.string() + ".spares." + pool;
  std::error_code none;
  if (fs::last_write_time(note, none) > fs::last_write_time(program)) {
    return;
  }
  const verdict told = run_against(pool);
  ASSERT_FALSE(told.failed)
      << "your test " << told.blamed()
      << " fails against a right pool: it asks for more than the "
         "docstrings promise. No wrong pool counts as caught until "
         "all right ones are spared.\n"
      << told.output;
  std::ofstream(note) << "spared\n";
}

// Fails unless some test of the reader's fails against a wrong pool.
void expect_catch(const std::string& wrong) {
  for (const char* right : {"solutions", "raw_pthreads", "futures"}) {
    ASSERT_NO_FATAL_FAILURE(spare(right));
  }
  if (testing::Test::IsSkipped()) {
    return;
  }
  EXPECT_TRUE(run_against(wrong).failed)
      << "a pool breaks this promise, and none of your tests in "
         "my_tests.cpp fails";
}

GRADED(worker_test_it, spares_the_reference, 4.8, 0) {
  promise("Your tests pass against a pool that keeps its promises.");
  spare("solutions");
}

GRADED(worker_test_it, spares_a_pool_of_pthreads, 4.8, 0) {
  promise("Your tests pass against a pool that keeps its promises.");
  spare("raw_pthreads");
}

GRADED(worker_test_it, spares_a_pool_of_promises, 4.8, 0) {
  promise("Your tests pass against a pool that keeps its promises.");
  spare("futures");
}

GRADED(worker_test_it, catches_a_queue, 4.8, 2) {
  promise("returns ok once the worker has it");
  expect_catch("tasks_wait_in_a_queue");
}

GRADED(worker_test_it, catches_a_pool_of_nobody, 4.8, 2) {
  promise("Throws std::invalid_argument if that is 0");
  expect_catch("zero_workers_accepted");
}

GRADED(worker_test_it, catches_workers_that_stay, 4.8, 2) {
  promise("joins all workers");
  expect_catch("workers_detached");
}

GRADED(worker_test_it, catches_a_lost_task, 4.8, 2) {
  promise("On every other status … it is still the caller's.");
  expect_catch("refused_task_is_lost");
}

GRADED(worker_test_it, catches_a_worker_that_dies, 4.8, 2) {
  promise("The worker lives on, whatever comes out of its task.");
  expect_catch("an_exception_ends_the_worker");
}

GRADED(worker_test_it, catches_the_wrong_exception, 4.8, 2) {
  promise("throws the first exception that a task threw");
  expect_catch("a_later_error_overwrites_the_first");
}

GRADED(worker_test_it, catches_a_timid_pool, 4.8, 2) {
  promise("would_deadlock if and only if …");
  expect_catch("every_run_inside_is_refused");
}

GRADED(worker_test_it, catches_two_sections, 4.8, 2) {
  promise(
      "Returns would_deadlock if … the task of every other worker is "
      "blocked in this very call");
  expect_catch("check_and_mark_apart");
}

}  // namespace
}  // namespace workbook
