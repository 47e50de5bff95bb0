// Lists of goroutines that wait, and the claim that wakes one.
//
// Book: chapter 6, steps 6.6, 6.8 and 6.12. Model: Go's sudog, whose
// selectDone is our `claimed`.
//
// Invariants:
//   (I1) A waiter is on the stack of its goroutine, and in a list only
//        while that goroutine waits.
//   (I2) Where several may wake a goroutine (a channel, a timer, a stop
//        token), it is woken by the one that sets `claimed`; the others
//        leave it alone.

#pragma once

#include <atomic>
#include <cstdint>

#include "goroutine.hpp"
//@ #include "grading/todo.hpp"

namespace workbook::gmp {

/// How a wait ended.
enum class wake : int {
  none,       ///< not yet
  handed,     ///< by what was waited for
  timed_out,  ///< the deadline has passed
  cancelled   ///< a stop was requested
};

struct waiter;

/// A wait that one of several ends: (I2).
struct one_wake {
  std::atomic<wake> claimed{wake::none};
  waiter* by = nullptr;  // the waiter that was claimed, if any

  [[nodiscard]] bool claim(wake how) {
    // [6.8 claim]
    //@ return todo<bool>("6.8", how);
    wake expected = wake::none;
    return claimed.compare_exchange_strong(expected, how);
    // [6.8 claim]
  }
};

/// One place in a list.
struct waiter {
  goroutine* g = nullptr;
  one_wake* once = nullptr;  // null: only the list wakes it
  void* slot = nullptr;      // the list's own: a value's place
  bool done = false;         // the list's own: what it was woken for
  bool queued = false;
  waiter* next = nullptr;
  waiter* previous = nullptr;

  /// Whether the caller may wake the goroutine, and so must.
  [[nodiscard]] bool claim() {
    if (once == nullptr) {
      return true;
    }
    if (!once->claim(wake::handed)) {
      return false;
    }
    once->by = this;
    return true;
  }
};

/// Waiters, oldest first. The lock of its owner guards it. O(1).
class wait_list {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }

  void push(waiter& w) {
    w.queued = true;
    w.next = nullptr;
    w.previous = last_;
    (last_ == nullptr ? first_ : last_->next) = &w;
    last_ = &w;
  }

  /// As push, but first in the line.
  void push_front(waiter& w) {
    w.queued = true;
    w.previous = nullptr;
    w.next = first_;
    (first_ == nullptr ? last_ : first_->previous) = &w;
    first_ = &w;
  }

  /// Takes `w` out, if it is in.
  void remove(waiter& w) {
    if (!w.queued) {
      return;
    }
    (w.previous == nullptr ? first_ : w.previous->next) = w.next;
    (w.next == nullptr ? last_ : w.next->previous) = w.previous;
    w.queued = false;
  }

  /// Takes out the oldest waiter that may be woken; the caller must
  /// wake it. Null if there is none.
  waiter* pop() {
    // [6.6 pop]
    //@ return todo<waiter*>("6.6");
    while (waiter* const w = first_) {
      remove(*w);
      if (w->claim()) {
        return w;
      }
    }
    return nullptr;
    // [6.6 pop]
  }

  [[nodiscard]] waiter* first() const { return first_; }

 private:
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
};

}  // namespace workbook::gmp
