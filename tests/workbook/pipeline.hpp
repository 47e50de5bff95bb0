// Graded tests on their way from source to verdict.
//
// While one core builds the next program, the other tests the last
// one, so that the first verdict comes early.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) A job goes from waiting over ready and running to done, or
//        from waiting to done if its program cannot be built.
//   (I2) Ready jobs are taken in the order in which they were given.
//
// Book: appendix "How your work is graded".

#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "workbook/build.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/variant.hpp"
#include "workbook/verdict.hpp"

namespace workbook {

/// One test of one variant, and its outcome once it is known.
struct test_job {
  const chapter* of = nullptr;  // outlives the job
  graded_test test;
  variant judged;
  test_program program;
  std::string inside = {};  // the variant's namespace in the program
  std::filesystem::path reads;  // where the reader's schedules are
  outcome result = {};
  std::filesystem::path lanes = {};  // where pictures of failures go
  bool sanitized = false;            // its runtime is a sanitizer's
  bool verdict_only = false;         // nobody reads why it fails
  int thinned = 1;  // explored in one of so many schedules
};

/// The job that judges `judged` by `test`, in a program of its own.
test_job job_for(const workspace& where, const chapter& of,
                 const graded_test& test, const variant& judged);

/// What a pipeline tells while it runs. Called from several threads,
/// one at a time.
struct pipeline_listener {
  std::function<void(std::size_t jobs)> on_start;
  std::function<void(const std::string& doing)> on_activity;
  std::function<void(const test_job& done)> on_verdict;
};

class pipeline {
 public:
  pipeline(const workspace& where, std::vector<test_job>& jobs,
           unsigned cores, const pipeline_listener& listener);

  /// Builds and runs everything; fills in each job's result. Throws
  /// what the build throws.
  void run();

 private:
  enum class stage { waiting, ready, running, done };

  void build();
  void test(bool early);
  void take_in(const program_built& built);
  std::optional<std::size_t> next(bool early);
  void finish_locked(std::size_t index, outcome result);
  void say(const std::string& doing);

  const workspace& where_;
  const unsigned cores_;
  const pipeline_listener& listener_;

  // mutex_ guards every field below it, and the calls of listener_;
  // changed_ is notified when a job becomes ready, and when
  // build_over_ becomes true.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<test_job>& jobs_;
  std::vector<stage> stages_;
  bool build_over_ = false;
  std::exception_ptr failure_;
};

}  // namespace workbook
