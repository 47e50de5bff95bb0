// Correct: a crowd is remembered until somebody is alone again.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "leak_check.hpp"

namespace workbook {

class leak_listener : public testing::EmptyTestEventListener {
 public:
  explicit leak_listener(leak_options options = {})
      : options_(std::move(options)) {}

  void OnTestStart(const testing::TestInfo&) override { began(); }
  void OnTestEnd(const testing::TestInfo& test) override {
    for (const leak& each : ended(test.result()->Failed())) {
      ADD_FAILURE() << "left behind: " << to_string(each);
    }
  }

  void began() {
    if (running_++ > 0) {
      crowded_ = true;
    } else {
      crowded_ = false;
      check_ = std::make_unique<leak_check>(options_);
    }
  }

  [[nodiscard]] std::vector<leak> ended(bool failed) {
    --running_;
    return failed || crowded_ ? std::vector<leak>() : check_->look();
  }

 private:
  const leak_options options_;
  std::atomic<int> running_ = 0;
  std::atomic<bool> crowded_ = false;
  std::unique_ptr<leak_check> check_;
};

}  // namespace workbook
