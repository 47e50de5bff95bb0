// What a task_scope is configured with, and what it reports.
//
// Book: chapter 5, "Leaks". Given: nothing here is left to write.

#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "call_site.hpp"

namespace workbook {

/// A child that has not ended.
struct running_child {
  call_site spawned;     // the call of spawn
  std::string waits_in;  // see workbook::waits_in; "" if not started
};

struct task_scope_options {
  /// When a stop is requested here, the scope cancels itself. Usually
  /// the token of the enclosing scope's child.
  std::stop_token outer = {};
  /// When this time has passed, the scope cancels itself, even if no
  /// thread is in a call of the scope.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  /// Called by the destructor with the exception that no join has
  /// rethrown. Must not throw.
  std::function<void(std::exception_ptr)> on_error = {};
};

}  // namespace workbook
