// A lock for a handful of instructions that never switch.
//
// Book: chapter 6, step 6.5. Given: nothing here is left to write.
//
// A goroutine that holds a spin lock must not switch: the next one on
// the same machine would spin on it without end.

#pragma once

#include <atomic>
#include <thread>

#include "context.hpp"

namespace workbook::gmp {

/// Waits for another thread, longer from call to call: first some
/// cycles, then a turn of the operating system's scheduler.
class backoff {
 public:
  void wait() {
    if (rounds_ < 7) {
      for (int i = 0; i < 1 << rounds_; ++i) {
        relax();
      }
      ++rounds_;
    } else {
      std::this_thread::yield();
    }
  }

 private:
  int rounds_ = 0;
};

/// A mutual exclusion lock; BasicLockable. Unfair: a ticket lock hands
/// over in order, and costs twice as much between two processors,
/// because every hand-over waits for one particular core.
class spin_lock {
 public:
  void lock() {
    // pairs with unlock: what the last holder wrote.
    if (taken_.exchange(true, std::memory_order_acquire)) {
      wait();
    }
  }

  void unlock() {
    // pairs with lock and wait: what this holder wrote.
    taken_.store(false, std::memory_order_release);
  }

 private:
  [[gnu::noinline]] void wait() {
    backoff pause;
    do {
      while (taken_.load()) {
        pause.wait();
      }
      // pairs with unlock: what the last holder wrote.
    } while (taken_.exchange(true, std::memory_order_acquire));
  }

  std::atomic<bool> taken_{false};
};

}  // namespace workbook::gmp
