// The global run queue: a list under a lock.
//
// Book: chapter 6, step 6.5. Document: 004 (GRQ). Model: Go's
// globrunqput and globrunqget.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>

#include "goroutine.hpp"
//@ #include "grading/todo.hpp"
#include "spin_lock.hpp"

namespace workbook::gmp {

/// How many of `n` goroutines in the global queue one of `processors`
/// takes at once: a fair share and one, at most `most`. Pure.
inline std::size_t fair_share(std::size_t n, std::size_t processors,
                              std::size_t most) {
  // [6.5 fair share]
  //@ return todo<std::size_t>("6.5", n, processors, most);
  return std::min({n / processors + 1, n, most});
  // [6.5 fair share]
}

/// A queue of goroutines, linked by `next`, first in, first out.
/// Thread safety: any member from any thread. O(1) but where it says
/// otherwise.
class global_queue {
 public:
  /// Appends the list from `first` to `last`, which are `n`.
  void push(goroutine& first, goroutine& last, std::size_t n) {
    last.next = nullptr;
    std::scoped_lock lock(lock_);
    (last_ == nullptr ? first_ : last_->next) = &first;
    last_ = &last;
    // relaxed: lock_ orders the writers of size_.
    size_.store(size_.load(std::memory_order_relaxed) + n);
  }

  void push(goroutine& one) { push(one, one, 1); }

  /// Removes the `n` oldest, as far as there are so many; returns them
  /// as a list that ends with null. O(n).
  goroutine* pop(std::size_t n = 1) {
    std::scoped_lock lock(lock_);
    // relaxed: lock_ orders the writers of size_.
    const auto there = size_.load(std::memory_order_relaxed);
    n = std::min(n, there);
    if (n == 0) {
      return nullptr;
    }
    goroutine* const first = first_;
    goroutine* last = first;
    for (std::size_t i = 1; i < n; ++i) {
      last = last->next;
    }
    first_ = last->next;
    last->next = nullptr;
    last_ = first_ == nullptr ? nullptr : last_;
    size_.store(there - n);
    return first;
  }

  /// How many there were a moment ago. seq_cst: an idle machine relies
  /// on it (see scheduler::sleep).
  [[nodiscard]] std::size_t size() const { return size_.load(); }

 private:
  spin_lock
      lock_;  // guards first_ and last_; size_ is written under it
  goroutine* first_ = nullptr;
  goroutine* last_ = nullptr;
  std::atomic<std::size_t> size_{0};
};

}  // namespace workbook::gmp
