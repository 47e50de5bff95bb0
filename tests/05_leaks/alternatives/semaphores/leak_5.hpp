// Correct: the destructor hands over the permit to leave.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>

namespace workbook {

class session {
 public:
  session(std::chrono::nanoseconds period, std::function<void()> beat)
      : beat_(std::move(beat)), timer_([this, period] {
          while (!leave_.try_acquire_for(period)) {
            beat_();
          }
        }) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() { leave_.release(); }

  static std::shared_ptr<session> open(std::chrono::nanoseconds period,
                                       std::function<void()> beat) {
    return std::make_shared<session>(period, std::move(beat));
  }

 private:
  std::function<void()> beat_;
  std::binary_semaphore leave_{0};
  std::jthread timer_;
};

}  // namespace workbook
