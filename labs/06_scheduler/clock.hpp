// Time: the clock of goroutines, and sleeping.
//
// Book: chapter 6, step 6.9.

#pragma once

#include <chrono>
#include <cstdint>

#include "grading/todo.hpp"
#include "scheduler.hpp"
#include "switching.hpp"

namespace workbook::gmp {

// ---- The scheduler's side ----------------------------------------

inline std::int64_t scheduler::now() const {
  if (wanted_.virtual_clock) {
    return virtual_now_.load();
  }
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

inline bool scheduler::run_due_timers(processor& p) {
  return todo<bool>("6.9", p);
  // Serves from step 6.2 on:
  // (void)p;
  // return false;
}

inline std::int64_t scheduler::earliest_timer() const {
  std::int64_t earliest = timer_heap::never;
  for (const auto& each : processors_) {
    earliest = std::min(earliest, each->timers.next());
  }
  return earliest;
}

inline void scheduler::timer_was_added(std::int64_t when) {
  if (when >= keeps_until_.load()) {
    return;
  }
  std::scoped_lock lock(mutex_);
  if (timekeeper_ != nullptr) {
    timekeeper_->wake.notify_one();
    if (poller* const sockets = poller_.load()) {
      sockets->interrupt();
    }
  }
}

// Sleeps until the first timer is due, a descriptor is ready, or
// something else happens. The caller holds mutex_ and a lock of it.
inline void scheduler::keep_time(machine& m,
                                 std::unique_lock<std::mutex>& lock) {
  timekeeper_ = &m;
  const std::int64_t due = earliest_timer();
  keeps_until_.store(due);
  poller* const sockets = poller_.load();
  goroutine* found = nullptr;
  if (due > earliest_timer()) {
    // A timer was added by a thread that had not seen the store.
  } else if (sockets != nullptr && !wanted_.virtual_clock) {
    lock.unlock();
    const std::int64_t left = due - now();
    found = sockets->poll(due == timer_heap::never ? due
                          : left > 0               ? left
                                                   : 0);
    lock.lock();
  } else if (due == timer_heap::never || wanted_.virtual_clock) {
    m.wake.wait(lock);
  } else {
    m.wake.wait_until(lock, time_point(duration(due)));
  }
  keeps_until_.store(INT64_MIN);
  timekeeper_ = nullptr;
  if (found != nullptr) {
    goroutine* last = found;
    std::size_t n = 1;
    for (; last->next != nullptr; last = last->next) {
      ++n;
    }
    global_.push(*found, *last, n);
  }
  const bool work = found != nullptr || earliest_timer() <= now();
  if (work && m.holds.load() == nullptr) {
    if (processor* const p = take_idle_processor()) {
      remove_idle(m);
      give(m, *p);
    }
  }
}

// Every goroutine waits: time passes, or the program is at its end.
inline void scheduler::nothing_runs(machine& m, std::int64_t due) {
  todo("6.9", m, due);
  // Serves from step 6.2 on:
  // (void)m;
  // (void)due;
  // stop_all();  // later: time passes, or a deadlock is reported
}

// Whether all that can still happen is that everybody waits.
inline bool scheduler::nobody_will_wake() const {
  const poller* const sockets = poller_.load();
  const bool descriptors =
      sockets != nullptr && sockets->waiting.load() > 0;
  return !descriptors && stoppable_.load() == 0;
}

// ---- The goroutines' side ----------------------------------------

/// The clock of the calling goroutine's scheduler, virtual if that is;
/// elsewhere std::chrono::steady_clock. A Clock in the sense of C++.
struct clock {
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr bool is_steady = true;

  static time_point now() {
    const machine* const m = here();
    return m == nullptr ? std::chrono::steady_clock::now()
                        : time_point(duration(m->home.now()));
  }

  /// `length` from now, but no later than the clock can tell.
  static time_point after(duration length) {
    const time_point from = now();
    const time_point end = time_point::max();
    return length > end - from ? end : from + length;
  }
};

/// Adds a timer to the processor of this moment. Inside a runtime_call.
inline void arm(timer& what, time_point when) {
  processor& p = runtime_call::here_and_now();
  const std::int64_t due = when.time_since_epoch().count();
  if (p.timers.add(what, due)) {
    p.home.timer_was_added(due);
  }
}

/// Blocks the goroutine until `when` has come: not at all if that is
/// past, but it gives way. The machine goes on with others.
inline void sleep_until(clock::time_point when) {
  const runtime_call inside;
  todo("6.9", when);
}

/// As sleep_until, `length` from now.
inline void sleep_for(clock::duration length) {
  sleep_until(clock::after(length));
}

}  // namespace workbook::gmp
