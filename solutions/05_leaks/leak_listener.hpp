// Fails every GoogleTest test that leaks.
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

/// leak_listener adds a failure for every leak of a test, with the
/// leak's line. A test that has failed already gets no second failure:
/// it ended in the middle, so leaks are expected. A test that ran at
/// the same time as another test is not checked, because a leak could
/// belong to either.
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

  /// A test starts.
  void began();

  /// A test ends. Returns its leaks, if it is checked.
  [[nodiscard]] std::vector<leak> ended(bool failed);

 private:
  const leak_options options_;

  // mutex_ guards every field below it.
  std::mutex mutex_;
  int running_ = 0;    // tests at this moment
  bool alone_ = true;  // no other test ran when the last one began
  std::optional<leak_check> check_;  // created when running_ was 0
};

// ---- Implementation --------------------------------------------

inline void leak_listener::began() {
  // [5.10 began]
  //@ todo("5.10");
  std::scoped_lock lock(mutex_);
  alone_ = running_ == 0;
  if (alone_) {
    check_.emplace(options_);
  }
  ++running_;
  // [5.10 began]
}

inline std::vector<leak> leak_listener::ended(bool failed) {
  // [5.10 ended]
  //@ return todo<std::vector<leak>>("5.10", failed);
  std::scoped_lock lock(mutex_);
  --running_;
  if (!alone_ || failed) {
    return {};
  }
  return check_->look();
  // [5.10 ended]
}

}  // namespace workbook
