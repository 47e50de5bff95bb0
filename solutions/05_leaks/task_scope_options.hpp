// What a task_scope can be told, and what it tells.
//
// Book: chapter 5, "Leaks". Given: nothing here is left to write.

#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "call_place.hpp"

namespace workbook {

/// A child that was told to stop, and has not ended.
struct late_child {
  call_place spawned;    // the call of spawn
  std::string waits_in;  // see workbook::waits_in
};

struct task_scope_options {
  /// When a stop is requested here, the scope cancels itself: the token
  /// that a child of an outer scope was given.
  std::stop_token outer = {};
  /// When this has passed, the scope cancels itself.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  /// How long after the cancellation a child is not yet late. With
  /// nanoseconds::max() none ever is.
  std::chrono::nanoseconds patience = std::chrono::seconds(10);
  /// Gets every child that is late, once. Of the scope it may call
  /// cancel() only. What it throws comes out of join; out of the
  /// destructor it ends the program. None: it is told on stderr.
  std::function<void(const late_child&)> on_late = {};
  /// Gets the exception that nobody joined for. Must not throw. None:
  /// std::terminate.
  std::function<void(std::exception_ptr)> on_error = {};
};

}  // namespace workbook
