// Correct: the holders hold a handle; the thread holds nothing of it.

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace workbook {

class session {
 public:
  session(std::chrono::nanoseconds period, std::function<void()> beat)
      : timer_([period, beat = std::move(beat)](std::stop_token stop) {
          std::mutex mutex;
          std::condition_variable_any quiet;
          std::unique_lock lock(mutex);
          auto next = std::chrono::steady_clock::now() + period;
          while (!stop.stop_requested()) {
            quiet.wait_until(lock, stop, next, [] { return false; });
            if (!stop.stop_requested()) {
              beat();
              next += period;
            }
          }
        }) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  static std::shared_ptr<session> open(std::chrono::nanoseconds period,
                                       std::function<void()> beat) {
    return std::make_shared<session>(period, std::move(beat));
  }

 private:
  std::jthread timer_;
};

}  // namespace workbook
