// What a worker is handed: a callable that takes nothing and returns
// nothing, of which there is only one.
//
// Book: chapter 4, "Worker pool". Given to the reader as it stands.
// Model: std::move_only_function<void()> of C++23, which C++20 lacks.

#pragma once

#include <cassert>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace workbook {

/// worker_task holds one callable, or none: once it was moved from, it
/// is empty. Moves never throw and never touch the callable, so that a
/// channel may carry it.
///
/// Thread safety: none; whoever owns the task may use it.
class worker_task {
 public:
  /// Holds nothing.
  worker_task() noexcept = default;

  /// Holds `callable`; not explicit, so that a lambda may be handed
  /// to a pool as it is. Throws what its move throws, or
  /// std::bad_alloc. One allocation.
  template <typename F>
  requires(!std::same_as<F, worker_task> &&
           std::is_void_v<std::invoke_result_t<F&>>)
      worker_task(F callable)
      : callable_(std::make_unique<holder<F>>(std::move(callable))) {}

  /// Calls the callable; throws what it throws. Must not be called on
  /// an empty task (asserted).
  void operator()() {
    assert(callable_ != nullptr && "worker_task: called while empty");
    callable_->call();
  }

  /// Whether there is a callable to call.
  explicit operator bool() const noexcept {
    return callable_ != nullptr;
  }

 private:
  struct anything {
    virtual ~anything() = default;
    virtual void call() = 0;
  };

  template <typename F>
  struct holder final : anything {
    explicit holder(F&& f) : callable(std::move(f)) {}
    void call() override { callable(); }

    F callable;
  };

  std::unique_ptr<anything> callable_;  // null: empty
};

}  // namespace workbook
