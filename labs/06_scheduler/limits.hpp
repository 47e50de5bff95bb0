// A wait with limits: a deadline, a stop token.
//
// Book: chapter 6, steps 6.9 and 6.12.

#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "clock.hpp"
#include "grading/todo.hpp"
#include "spin_lock.hpp"
#include "switching.hpp"
#include "waiting.hpp"

namespace workbook::gmp {

/// What ends a wait that is not granted.
struct limits {
  std::stop_token stop = {};
  std::optional<time_point> deadline = {};

  [[nodiscard]] bool none() const {
    return !deadline && !stop.stop_possible();
  }
};

/// The lock of something that goroutines wait for. With one processor
/// the processor is the lock: nobody else is inside the scheduler.
class inner_lock {
 public:
  explicit inner_lock(spin_lock& lock)
      : lock_(runtime_call::here_and_now().alone ? nullptr : &lock) {
    if (lock_ != nullptr) {
      lock_->lock();
    }
  }
  inner_lock(const inner_lock&) = delete;
  inner_lock& operator=(const inner_lock&) = delete;
  ~inner_lock() { unlock(); }

  void unlock() {
    if (spin_lock* const held = std::exchange(lock_, nullptr)) {
      held->unlock();
    }
  }

 private:
  spin_lock* lock_;
};

/// The timer of a wait that something else may end first.
struct deadline_timer : timer {
  deadline_timer(goroutine& who, one_wake& wait)
      : timer{&who, decide}, once(wait) {}

  static bool decide(timer& which) {
    auto& self = static_cast<deadline_timer&>(which);
    return self.once.claim(wake::timed_out);
  }

  one_wake& once;
};

// Arms the limits of the calling goroutine's wait; parks; disarms them.
// Inside a runtime_call. Returns how the wait ended.
inline wake park_within(const limits& limit, one_wake& once,
                        wait_reason why, const void* object) {
  return todo<wake>("6.12", limit, once, why, object);
  // Serves from step 6.8 on:
  // (void)limit;
  // park(why, object);
  // return once.claimed;
  // Serves from step 6.9 on:
  // goroutine& self = runtime_call::self();
  // deadline_timer timeout(self, once);
  // if (limit.deadline) {
    // arm(timeout, *limit.deadline);
  // }
  // park(why, object);
  // if (limit.deadline) {
    // timer_heap::remove(timeout);
  // }
  // return once.claimed;
}

// Waits in `list` until `w` is popped, or a limit is reached. The
// caller holds `held`, the lock of `lock`, which is released. Inside a
// runtime_call. Returns how the wait ended; `w` is then in no list.
inline wake wait_in(wait_list& list, waiter& w, spin_lock& lock,
                    inner_lock& held, const limits& limit,
                    wait_reason why, const void* object) {
  return todo<wake>("6.9", list, w, lock, held, limit, why, object);
  // Serves from step 6.6 on:
  // (void)lock;
  // (void)limit;
  // w.g = &runtime_call::self();
  // list.push(w);
  // held.unlock();
  // park(why, object);
  // return wake::handed;
}

}  // namespace workbook::gmp
