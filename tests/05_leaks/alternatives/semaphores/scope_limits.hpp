// Correct: a semaphore that the scope's stop releases ends the wait for
// the deadline.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <thread>

namespace workbook {

class scope_limits {
 public:
  using clock = std::chrono::steady_clock;

  scope_limits(std::optional<clock::time_point> deadline,
               std::stop_token outer, std::stop_source scope)
      : scope_(scope),
        wake_(scope.get_token(), [this] { over_.release(); }) {
    if (deadline) {
      if (*deadline <= clock::now()) {
        scope_.request_stop();
      } else {
        watch_ = std::jthread([this, end = *deadline] {
          if (!over_.try_acquire_until(end)) {
            scope_.request_stop();
          }
        });
      }
    }
    outer_ = std::make_unique<callback>(
        outer, [this] { scope_.request_stop(); });
  }

 private:
  using callback = std::stop_callback<std::function<void()>>;

  std::stop_source scope_;
  std::binary_semaphore over_{0};
  callback wake_;
  std::jthread watch_;
  std::unique_ptr<callback> outer_;
};

}  // namespace workbook
