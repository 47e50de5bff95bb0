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
//@ #include "grading/todo.hpp"
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
  // [6.12 park_within]
  //@[6.8] (void)limit;
  //@[6.8] park(why, object);
  //@[6.8] return once.claimed;
  //@[6.9] goroutine& self = runtime_call::self();
  //@[6.9] deadline_timer timeout(self, once);
  //@[6.9] if (limit.deadline) {
  //@[6.9]   arm(timeout, *limit.deadline);
  //@[6.9] }
  //@[6.9] park(why, object);
  //@[6.9] if (limit.deadline) {
  //@[6.9]   timer_heap::remove(timeout);
  //@[6.9] }
  //@[6.9] return once.claimed;
  //@ return todo<wake>("6.12", limit, once, why, object);
  goroutine& self = runtime_call::self();
  scheduler& home = *self.home;
  deadline_timer timeout(self, once);
  if (limit.deadline) {
    arm(timeout, *limit.deadline);
  }
  const bool stoppable = limit.stop.stop_possible();
  if (stoppable) {
    home.stoppable_.fetch_add(1);
  }
  {
    const auto on_stop = [&] {
      if (once.claim(wake::cancelled)) {
        ready(self);
      }
    };
    const std::stop_callback follows(limit.stop, on_stop);
    park(why, object);
  }
  if (stoppable) {
    home.stoppable_.fetch_sub(1);
  }
  if (limit.deadline) {
    timer_heap::remove(timeout);
  }
  return once.claimed;
  // [6.12 park_within]
}

// Waits in `list` until `w` is popped, or a limit is reached. The
// caller holds `held`, the lock of `lock`, which is released. Inside a
// runtime_call. Returns how the wait ended; `w` is then in no list.
inline wake wait_in(wait_list& list, waiter& w, spin_lock& lock,
                    inner_lock& held, const limits& limit,
                    wait_reason why, const void* object) {
  // [6.9 wait_in]
  //@[6.6] (void)lock;
  //@[6.6] (void)limit;
  //@[6.6] w.g = &runtime_call::self();
  //@[6.6] list.push(w);
  //@[6.6] held.unlock();
  //@[6.6] park(why, object);
  //@[6.6] return wake::handed;
  //@ return todo<wake>("6.9", list, w, lock, held, limit, why, object);
  w.g = &runtime_call::self();
  if (limit.none()) {
    list.push(w);
    held.unlock();
    park(why, object);
    return wake::handed;
  }
  one_wake once;
  w.once = &once;
  list.push(w);
  held.unlock();
  const wake how = park_within(limit, once, why, object);
  if (how != wake::handed) {
    const inner_lock again(lock);
    list.remove(w);
  }
  return how;
  // [6.9 wait_in]
}

}  // namespace workbook::gmp
