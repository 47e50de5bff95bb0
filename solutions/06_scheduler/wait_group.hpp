// A counter to wait for.
//
// Book: chapter 6, step 6.6. Document: 004, whose program counts with
// one. Model: Go's sync.WaitGroup.
//
// Invariants:
//   (I1) state_ is twice the count, plus one if somebody waits, or has
//        waited and given up.
//   (I2) A done() that leaves a count, or finds nobody waiting, touches
//        nothing after its decrement: whoever sees the zero may destroy
//        the group. The one that finds a waiter makes the zero under
//        lock_, and touches nothing after its unlock.

#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "gmp.hpp"
//@ #include "grading/todo.hpp"
#include "limits.hpp"

namespace workbook::gmp {

/// Waits for a number of goroutines. add() before they are started;
/// each calls done() once. After a wait() has returned the group may be
/// used again. Goroutines only; thread safety: any member from any of
/// them. O(1), but for the done() that wakes: O(waiting).
class wait_group {
 public:
  wait_group() = default;
  wait_group(const wait_group&) = delete;
  wait_group& operator=(const wait_group&) = delete;

  /// Expects `n` more calls of done().
  void add(std::int64_t n = 1) {
    // [6.6 add]
    //@ todo("6.6", n);
    state_.fetch_add(2 * n);
    // [6.6 add]
  }

  /// One less; the last one wakes all waiters. Asserts that it was
  /// expected.
  void done();

  /// Blocks the goroutine while the count is not zero.
  void wait() { (void)wait_within({}); }

  /// As wait(), but returns false once `stop` is requested.
  [[nodiscard]] bool wait(std::stop_token stop) {
    return wait_within({.stop = std::move(stop)});
  }

 private:
  bool wait_within(const limits& limit);

  std::atomic<std::int64_t> state_{0};  // (I1)
  spin_lock lock_;  // guards waiting_; odd states are made under it
  wait_list waiting_;
};

inline void wait_group::done() {
  const runtime_call inside;
  // [6.6 done]
  //@ todo("6.6");
  const std::int64_t before = state_.fetch_sub(2);
  assert(before >= 2 && "gmp::wait_group::done: not expected");
  if (before != 3) {
    return;  // (I2)
  }
  goroutine* first = nullptr;
  goroutine** end = &first;
  {
    // Under the lock: a waiter that gives up removes itself.
    const inner_lock held(lock_);
    state_.fetch_sub(1);
    while (waiter* const w = waiting_.pop()) {
      *end = w->g;
      end = &w->g->next;
    }
  }
  *end = nullptr;
  processor& p = runtime_call::here_and_now();
  while (first != nullptr) {
    goroutine& g = *std::exchange(first, first->next);
    first == nullptr ? p.ready(g) : p.push(g);
  }
  // [6.6 done]
}

// False if a limit was reached first.
inline bool wait_group::wait_within(const limits& limit) {
  const runtime_call inside;
  // [6.6 wait group]
  //@ return todo<bool>("6.6", limit);
  inner_lock held(lock_);
  std::int64_t state = state_.load();
  do {
    if (state == 0) {  // 1: a done() is about to take the lock
      return true;
    }
  } while (!state_.compare_exchange_weak(state, state | 1));
  waiter own;
  const wake how = wait_in(waiting_, own, lock_, held, limit,
                           wait_reason::group, this);
  return how == wake::handed;
  // [6.6 wait group]
}

}  // namespace workbook::gmp
