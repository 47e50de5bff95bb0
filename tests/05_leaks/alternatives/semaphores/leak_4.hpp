// Correct: a queue, a permit for each line, and one for the end.

#pragma once

#include <functional>
#include <mutex>
#include <queue>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>

namespace workbook {

class background_log {
 public:
  explicit background_log(std::function<void(const std::string&)> write)
      : write_(std::move(write)), writer_([this] { work(); }) {}
  background_log(const background_log&) = delete;
  background_log& operator=(const background_log&) = delete;
  ~background_log() { lines_or_end_.release(); }

  void note(std::string line) {
    room_.acquire();
    {
      std::scoped_lock lock(mutex_);
      lines_.push(std::move(line));
    }
    lines_or_end_.release();
  }

 private:
  void work() {
    for (;;) {
      lines_or_end_.acquire();
      std::string line;
      {
        std::scoped_lock lock(mutex_);
        if (lines_.empty()) {
          return;  // the last permit is the end's
        }
        line = std::move(lines_.front());
        lines_.pop();
      }
      room_.release();
      write_(line);
    }
  }

  std::function<void(const std::string&)> write_;
  std::counting_semaphore<> room_{16};
  std::counting_semaphore<> lines_or_end_{0};
  std::mutex mutex_;
  std::queue<std::string> lines_;
  std::jthread writer_;
};

}  // namespace workbook
