// A move-only callable that takes nothing and returns nothing: the
// one shape in which a pool keeps the work of all its callers.
//
// Book: chapter 1, "Pooling". Given to the reader as it stands.
// Model: std::move_only_function<void()> of C++23, which C++20 lacks;
// std::function would demand that every callable can be copied.

#pragma once

#include <cassert>
#include <memory>
#include <utility>

namespace workbook {

/// task holds one callable of any type, and destroys it with itself.
///
/// Thread safety: none; whoever owns the task may use it.
class task {
 public:
  /// Holds `callable`. Throws what its move throws, or std::bad_alloc.
  /// One allocation.
  template <typename F>
  explicit task(F callable)
      : callable_(std::make_unique<holder<F>>(std::move(callable))) {}

  /// Calls the callable; throws what it throws. A task that was moved
  /// from must not be called.
  void operator()() {
    assert(callable_ != nullptr && "task: called after a move");
    callable_->call();
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

  std::unique_ptr<anything> callable_;  // null once moved from
};

}  // namespace workbook
