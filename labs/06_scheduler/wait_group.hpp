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
#include "grading/todo.hpp"
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
    todo("6.6", n);
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
  todo("6.6");
}

// False if a limit was reached first.
inline bool wait_group::wait_within(const limits& limit) {
  const runtime_call inside;
  return todo<bool>("6.6", limit);
}

}  // namespace workbook::gmp
