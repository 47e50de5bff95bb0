// What cancels a task_scope from outside: a deadline, an outer token.
//
// Book: chapter 5, "Leaks", step 5.8.

#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "channel.hpp"
//@ #include "grading/todo.hpp"

namespace workbook {

/// scope_limits requests a stop of a scope at its deadline, or when a
/// stop of an outer token is requested, and at once if either has
/// happened before.
class scope_limits {
 public:
  using clock = std::chrono::steady_clock;

  /// Starts a thread if there is a deadline in the future. Throws
  /// std::system_error if it cannot start. Does not block.
  scope_limits(std::optional<clock::time_point> deadline,
               std::stop_token outer, std::stop_source scope);

  /// Must be called after a stop of the scope was requested: it joins
  /// the thread that waits for the deadline.
  ~scope_limits() = default;

  scope_limits(const scope_limits&) = delete;
  scope_limits& operator=(const scope_limits&) = delete;

 private:
  struct canceller {
    std::stop_source scope;
    void operator()() { scope.request_stop(); }
  };

  std::jthread watch_;  // if there is a deadline
  std::optional<std::stop_callback<canceller>> follows_;
};

// ---- Implementation --------------------------------------------

inline scope_limits::scope_limits(
    std::optional<clock::time_point> deadline, std::stop_token outer,
    std::stop_source scope) {
  // [5.8 limits]
  //@ // TODO(5.8): who cancels at the deadline, or with outer?
  //@ if (deadline || outer.stop_possible()) {
  //@   todo("5.8", scope);
  //@ }
  if (deadline && *deadline <= clock::now()) {
    scope.request_stop();
  } else if (deadline) {
    watch_ = std::jthread([end = *deadline, scope]() mutable {
      channel<bool> silent;  // nobody sends
      const auto waited =
          silent.receive_until(end, scope.get_token());
      if (waited.status == channel_status::timed_out) {
        scope.request_stop();
      }
    });
  }
  follows_.emplace(std::move(outer), canceller{std::move(scope)});
  // [5.8 limits]
}

}  // namespace workbook
