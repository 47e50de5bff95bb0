// Document 003's spin lock with the memory orders that it needs, and a
// lock that spins for a while and then sleeps.
//
// Book: chapter 7, "The complete pool". Document: 003, lock.go.
// Model: test and test-and-set (Rudolph and Segall, 1984).
//
// Invariant (I1): held_ is true if and only if some thread is between
// a lock() (or a try_lock() that returned true) and its unlock().

#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "grading/todo.hpp"

namespace workbook {

/// A mutex for critical sections of a few instructions. A thread that
/// waits for it does not sleep: it yields and looks again. What one
/// holder wrote before unlock, the next one reads after lock.
///
/// Not fair: nothing is promised about who is next. Not recursive.
/// Document: 003.
class spin_lock {
 public:
  /// Blocks until the lock is free, and takes it.
  void lock() noexcept;

  /// Takes the lock and returns true if it is free; otherwise returns
  /// false. Never blocks.
  [[nodiscard]] bool try_lock() noexcept;

  /// Releases the lock. The caller must hold it.
  void unlock() noexcept;

 private:
  std::atomic<bool> held_ = false;  // true: some thread holds the lock
};

/// A mutex that spins first, as glibc's PTHREAD_MUTEX_ADAPTIVE_NP does,
/// because a short critical section may end sooner than the kernel can
/// be asked to sleep. Given, to be measured beside the other two.
class adaptive_lock {
 public:
  /// Blocks until the lock is free, and takes it.
  void lock() {
    for (int look = 0; look < looks; ++look) {
      if (mutex_.try_lock()) {
        return;
      }
    }
    mutex_.lock();
  }

  /// Releases the lock. The caller must hold it.
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int looks = 100;

  std::mutex mutex_;  // guards what the caller says
};

// ---- Implementation --------------------------------------------

inline void spin_lock::lock() noexcept {
  // TODO(7.1): until try_lock() succeeds: while the lock is
  // held, only read held_, and yield between two looks.
  todo("7.1");
}

inline bool spin_lock::try_lock() noexcept {
  // TODO(7.1): one atomic operation; which memory order does
  // the new holder need?
  return todo<bool>("7.1");
}

inline void spin_lock::unlock() noexcept {
  // TODO(7.1): which memory order does the next holder need?
  todo("7.1");
}

}  // namespace workbook
