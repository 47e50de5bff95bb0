// Correct: a scope that outlives the log's lines. The log ends in the
// reverse order: it closes, and joins before the scope cancels.

#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "channel.hpp"
#include "task_scope.hpp"

namespace workbook {

class background_log {
 public:
  explicit background_log(std::function<void(const std::string&)> write)
      : write_(std::move(write)) {
    (void)scope_.spawn([this](std::stop_token) {
      while (const auto line = lines_.receive()) {
        write_(*line);
      }
    });
  }
  background_log(const background_log&) = delete;
  background_log& operator=(const background_log&) = delete;
  ~background_log() {
    lines_.close();
    scope_.join();
  }

  void note(std::string line) { (void)lines_.send(std::move(line)); }

 private:
  std::function<void(const std::string&)> write_;
  channel<std::string> lines_{16};
  task_scope scope_;
};

}  // namespace workbook
