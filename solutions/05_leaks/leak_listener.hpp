// Fails every GoogleTest test that leaves something behind.
//
// Book: chapter 5, "Leaks". Model: goleak's VerifyTestMain; the
// listener of GoogleTest's sample 10.

#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

//@ #include "grading/todo.hpp"
#include "leak_check.hpp"

namespace workbook {

/// leak_listener adds a failure, with the leak's line, for everything
/// that a test has started and left behind. It blames no test that has
/// failed already: that ended somewhere in the middle, and what it
/// left is no news. Nor one that was not alone: where tests run at the
/// same time, nobody knows whose a thread is, and a test during which
/// another one ran at any time is not judged.
///
///   testing::UnitTest::GetInstance()->listeners().Append(
///       new leak_listener);
///
/// Thread safety: tests may start and end on any thread.
class leak_listener : public testing::EmptyTestEventListener {
 public:
  explicit leak_listener(leak_options options = {})
      : options_(std::move(options)) {}

  void OnTestStart(const testing::TestInfo&) override { began(); }
  void OnTestEnd(const testing::TestInfo& test) override {
    for (const leak& each : ended(test.result()->Failed())) {
      ADD_FAILURE() << test.name() << " left behind: "
                    << to_string(each);
    }
  }

  /// A test begins.
  void began();

  /// A test ends, and has failed or not. What it is to be blamed for.
  [[nodiscard]] std::vector<leak> ended(bool failed);

 private:
  const leak_options options_;

  // mutex_ guards every field below it.
  std::mutex mutex_;
  int running_ = 0;    // tests at this moment
  bool alone_ = true;  // the last to begin found no other
  std::optional<leak_check> check_;  // made when running_ was 0
};

// ---- Implementation --------------------------------------------

inline void leak_listener::began() {
  // [5.9 began]
  //@ todo("5.9");
  std::scoped_lock lock(mutex_);
  alone_ = running_ == 0;
  if (alone_) {
    check_.emplace(options_);
  }
  ++running_;
  // [5.9 began]
}

inline std::vector<leak> leak_listener::ended(bool failed) {
  // [5.9 ended]
  //@ return todo<std::vector<leak>>("5.9", failed);
  std::scoped_lock lock(mutex_);
  --running_;
  if (!alone_ || failed) {
    return {};
  }
  return check_->look();
  // [5.9 ended]
}

}  // namespace workbook
