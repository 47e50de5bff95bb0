// A mutex and a condition variable that park goroutines, not threads.
//
// Book: chapter 6, step 6.6. Model: Go's sync.Mutex, with its rule
// against starvation.
//
// Invariants:
//   (I1) state_ has bit `locked` while a goroutine owns the mutex, and
//        bit `wanted` if waiting_ may not be empty.
//   (I2) A goroutine that was woken and found the mutex taken again
//        gets it handed over by the next unlock.

#pragma once

#include <atomic>
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "gmp.hpp"
//@ #include "grading/todo.hpp"
#include "limits.hpp"

namespace workbook::gmp {

/// A mutual exclusion lock for goroutines; Lockable. It may be unlocked
/// by another goroutine than the one that has locked it. A goroutine
/// that runs may be faster than one that waits, but no waiter loses
/// twice. Without contention no lock is taken: O(1), one atomic
/// operation, and none that others could see with one processor.
class mutex {
 public:
  mutex() = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  /// Blocks the goroutine until the mutex is its own.
  void lock() {
    const runtime_call inside;
    if (!take()) {
      (void)lock_slowly({});
    }
  }

  /// As lock(), but returns false once `stop` is requested.
  [[nodiscard]] bool lock(std::stop_token stop) {
    const runtime_call inside;
    return take() || lock_slowly({.stop = std::move(stop)});
  }

  /// Takes the mutex if it is free at once.
  [[nodiscard]] bool try_lock() {
    const runtime_call inside;
    return take();
  }

  /// Gives it back; wakes one that waits. Asserts that it is locked.
  void unlock() {
    const runtime_call inside;
    unlock_inside();
  }

 private:
  friend class condition_variable;

  enum : unsigned { free = 0, locked = 1, wanted = 2 };

  bool take();
  bool lock_slowly(const limits& limit);
  void unlock_inside();
  void unlock_slowly();

  std::atomic<unsigned> state_{free};  // (I1)
  spin_lock lock_;                     // guards waiting_
  wait_list waiting_;
};

/// As std::condition_variable, for gmp::mutex. Every wait may return
/// without a notification only if it says so: there are no spurious
/// wake-ups. Thread safety: any member from any goroutine.
class condition_variable {
 public:
  condition_variable() = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  /// Wakes the goroutine that has waited longest, if any.
  void notify_one();

  /// Wakes all that wait.
  void notify_all();

  /// Unlocks, blocks until notified, locks again.
  void wait(std::unique_lock<mutex>& lock) {
    (void)wait_within(lock, {});
  }

  /// Blocks until ready() is true; ready is called with the lock held.
  template <typename Predicate>
  void wait(std::unique_lock<mutex>& lock, Predicate is_ready) {
    while (!is_ready()) {
      wait(lock);
    }
  }

  /// As wait(lock), but no longer than until `deadline`.
  std::cv_status wait_until(std::unique_lock<mutex>& lock,
                            clock::time_point deadline) {
    return wait_within(lock, {.deadline = deadline}) == wake::timed_out
               ? std::cv_status::timeout
               : std::cv_status::no_timeout;
  }

  /// Returns what ready() is when it is true, or `deadline` has passed.
  template <typename Predicate>
  bool wait_until(std::unique_lock<mutex>& lock,
                  clock::time_point deadline, Predicate is_ready) {
    while (!is_ready()) {
      if (wait_until(lock, deadline) == std::cv_status::timeout) {
        return is_ready();
      }
    }
    return true;
  }

  /// As wait_until(lock, `length` from now).
  std::cv_status wait_for(std::unique_lock<mutex>& lock,
                          clock::duration length) {
    return wait_until(lock, clock::after(length));
  }

  template <typename Predicate>
  bool wait_for(std::unique_lock<mutex>& lock, clock::duration length,
                Predicate is_ready) {
    return wait_until(lock, clock::after(length), std::move(is_ready));
  }

  /// Returns what ready() is when it is true, or `stop` is requested.
  template <typename Predicate>
  bool wait(std::unique_lock<mutex>& lock, std::stop_token stop,
            Predicate is_ready) {
    while (!is_ready()) {
      if (stop.stop_requested()) {
        return false;
      }
      (void)wait_within(lock, {.stop = stop});
    }
    return true;
  }

 private:
  wake wait_within(std::unique_lock<mutex>& lock, const limits& limit);

  spin_lock lock_;  // guards waiting_
  wait_list waiting_;
};

// ---- Implementation: mutex ---------------------------------------

// Takes the mutex if it is free. Inside a runtime_call.
inline bool mutex::take() {
  // [6.6 take]
  //@ return todo<bool>("6.6");
  if (runtime_call::here_and_now().alone) {
    // relaxed: all who touch state_ hold the only processor, and
    // it changes hands under a lock.
    if (state_.load(std::memory_order_relaxed) != free) {
      return false;
    }
    // relaxed: as above.
    state_.store(locked, std::memory_order_relaxed);
    return true;
  }
  unsigned expected = free;
  // pairs with unlock_inside: what the last owner wrote.
  constexpr auto order = std::memory_order_acquire;
  return state_.compare_exchange_strong(expected, locked, order);
  // [6.6 take]
}

inline bool mutex::lock_slowly(const limits& limit) {
  // [6.6 lock]
  //@ return todo<bool>("6.6", limit);
  waiter own;
  for (bool lost = false;; lost = true) {
    inner_lock held(lock_);
    if ((state_.fetch_or(locked | wanted) & locked) == 0) {
      if (waiting_.empty()) {
        state_.fetch_and(~unsigned{wanted});
      }
      return true;
    }
    own.done = false;
    own.slot = lost ? this : nullptr;  // (I2)
    const wake how = wait_in(waiting_, own, lock_, held, limit,
                             wait_reason::lock, this);
    if (how == wake::handed && own.done) {
      return true;
    }
    if (how != wake::handed) {
      return false;
    }
  }
  // [6.6 lock]
}

inline void mutex::unlock_inside() {
  // [6.6 unlock]
  //@ todo("6.6");
  unsigned expected = locked;
  if (runtime_call::here_and_now().alone) {
    // relaxed: see take.
    if (state_.load(std::memory_order_relaxed) == locked) {
      // relaxed: see take.
      state_.store(free, std::memory_order_relaxed);
      return;
    }
    unlock_slowly();
    return;
  }
  // pairs with take: what this owner wrote.
  const bool freed = state_.compare_exchange_strong(
      expected, free, std::memory_order_release);
  if (!freed) {
    unlock_slowly();
  }
  // [6.6 unlock]
}

inline void mutex::unlock_slowly() {
  // [6.6 unlock slowly]
  //@ todo("6.6");
  waiter* next = nullptr;
  {
    const inner_lock held(lock_);
    assert((state_.load() & locked) != 0 && "not locked");
    next = waiting_.pop();
    const bool hands_over =
        next != nullptr && next->slot != nullptr;
    if (hands_over) {
      next->done = true;
    }
    state_.store((hands_over ? locked : free) |
                 (waiting_.empty() ? free : wanted));
  }
  if (next != nullptr) {
    runtime_call::here_and_now().ready(*next->g);
  }
  // [6.6 unlock slowly]
}

// ---- Implementation: condition_variable --------------------------

inline wake condition_variable::wait_within(
    std::unique_lock<mutex>& lock, const limits& limit) {
  wake how = wake::none;
  {
    const runtime_call inside;
    // [6.6 wait]
    //@ how = todo<wake>("6.6", limit);
    waiter own;
    inner_lock held(lock_);
    lock.mutex()->unlock_inside();
    how = wait_in(waiting_, own, lock_, held, limit,
                  wait_reason::condition, this);
    // [6.6 wait]
  }
  lock.mutex()->lock();
  return how;
}

inline void condition_variable::notify_one() {
  const runtime_call inside;
  // [6.6 notify_one]
  //@ todo("6.6");
  inner_lock held(lock_);
  waiter* const next = waiting_.pop();
  held.unlock();
  if (next != nullptr) {
    runtime_call::here_and_now().ready(*next->g);
  }
  // [6.6 notify_one]
}

inline void condition_variable::notify_all() {
  const runtime_call inside;
  // [6.6 notify_all]
  //@ todo("6.6");
  inner_lock held(lock_);
  wait_list all = std::exchange(waiting_, {});
  goroutine* first = nullptr;
  goroutine** end = &first;
  while (waiter* const w = all.pop()) {
    *end = w->g;
    end = &w->g->next;
  }
  *end = nullptr;
  held.unlock();
  runtime_call::here_and_now().push_all(first);
  // [6.6 notify_all]
}

}  // namespace workbook::gmp
