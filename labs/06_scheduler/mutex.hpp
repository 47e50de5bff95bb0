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
#include "grading/todo.hpp"
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
  return todo<bool>("6.6");
}

inline bool mutex::lock_slowly(const limits& limit) {
  return todo<bool>("6.6", limit);
}

inline void mutex::unlock_inside() {
  todo("6.6");
}

inline void mutex::unlock_slowly() {
  todo("6.6");
}

// ---- Implementation: condition_variable --------------------------

inline wake condition_variable::wait_within(
    std::unique_lock<mutex>& lock, const limits& limit) {
  wake how = wake::none;
  {
    const runtime_call inside;
    how = todo<wake>("6.6", limit);
  }
  lock.mutex()->lock();
  return how;
}

inline void condition_variable::notify_one() {
  const runtime_call inside;
  todo("6.6");
}

inline void condition_variable::notify_all() {
  const runtime_call inside;
  todo("6.6");
}

}  // namespace workbook::gmp
