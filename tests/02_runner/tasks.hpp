// The tasks that most tests of this chapter run, and words and numbers
// for what a report tells.

#pragma once

#include <chrono>
#include <exception>
#include <stop_token>
#include <string>
#include <thread>

#include "run_report.hpp"
#include "stoppable_sleep.hpp"

namespace workbook {

/// A task of `duration` that ends early when it is asked to.
inline runner_task heeds(std::chrono::nanoseconds duration) {
  return [duration](std::stop_token stop, int) {
    stoppable_sleep(stop, duration);
  };
}

/// A task of `duration`, whoever asks; throws `what` at its end (not
/// all that is thrown is a std::exception).
inline runner_task ignores(std::chrono::nanoseconds duration,
                           const char* what = nullptr) {
  return [duration, what](std::stop_token, int) {
    std::this_thread::sleep_for(duration);
    if (what != nullptr) {
      throw what;
    }
  };
}

/// What `error` says; "none" if there is no error.
inline std::string words(const std::exception_ptr& error) {
  try {
    if (error != nullptr) {
      std::rethrow_exception(error);
    }
  } catch (const char* what) {
    return what;
  } catch (const std::exception& caught) {
    return caught.what();
  }
  return "none";
}

/// A duration as a number, which GoogleTest can print.
inline double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace workbook
