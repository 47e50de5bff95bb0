// A sleep that ends when a stop is requested: a task's part of it.
//
// Book: chapter 2, "Runner". Given to the reader complete.
// Model: condition_variable_any of C++20, which knows stop tokens.

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "deadline.hpp"

namespace workbook {

/// Sleeps for `duration`, or until a stop is requested; true if the
/// whole duration has passed. Blocks the calling thread.
inline bool stoppable_sleep(std::stop_token stop,
                            std::chrono::nanoseconds duration) {
  const auto until = deadline_after(duration);
  std::mutex mutex;  // guards nothing: only the stop is waited for
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, until, [] { return false; });
  return std::chrono::steady_clock::now() >= until;
}

}  // namespace workbook
