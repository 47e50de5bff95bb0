// A callable of any type that can be moved but not copied: the one type
// under which a pool stores the work of all its callers.
//
// Book: chapter 1, "Pooling"; used again in chapter 4. Given to the
// reader as it is.
// Model: std::move_only_function<void()> of C++23, which C++20 lacks.
// std::function would require that every callable can be copied.

#pragma once

#include <cassert>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace workbook {

/// task holds one callable, or none. A move never throws and does not
/// move the callable; the source is empty afterwards.
///
/// Thread safety: none; only the owner of a task may use it.
class task {
 public:
  /// Holds nothing.
  task() noexcept = default;

  /// Holds `callable`. Not explicit, so that a lambda can be passed as
  /// it is. Throws what the callable's move throws, or std::bad_alloc.
  /// One allocation.
  template <typename F>
  requires(!std::same_as<F, task> &&
           std::is_void_v<std::invoke_result_t<F&>>) task(F callable)
      : callable_(std::make_unique<holder<F>>(std::move(callable))) {}

  /// Calls the callable; throws what it throws. Must not be called on
  /// an empty task (asserted).
  void operator()() {
    assert(callable_ != nullptr && "task: called while empty");
    callable_->call();
  }

  /// Whether there is a callable to call.
  explicit operator bool() const noexcept {
    return callable_ != nullptr;
  }

 private:
  struct any_callable {
    virtual ~any_callable() = default;
    virtual void call() = 0;
  };

  template <typename F>
  struct holder final : any_callable {
    explicit holder(F&& f) : callable(std::move(f)) {}
    void call() override { callable(); }

    F callable;
  };

  std::unique_ptr<any_callable> callable_;  // null: empty
};

}  // namespace workbook
