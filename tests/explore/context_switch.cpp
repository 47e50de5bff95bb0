// How the turn goes from thread to thread: a thread announces each
// step, waits, wakes others, and hands the turn over.
//
// Invariants:
//   (I1) Only the thread that has the turn runs; all others wait in
//        take_turn().
//   (I2) Time passes while no thread is runnable, where the strategy
//        lets a deadline race, and under a thread that polls the clock.
//
// Book: appendix "How the explorer works".

#include <execinfo.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include <algorithm>
#include <utility>

#include "raw_syscall.hpp"
#include "schedule.hpp"

namespace explore {

namespace {

/// The longest time that passes by itself is 2^20 ns, about 1 ms.
constexpr std::size_t longest_pause = 21;

}  // namespace

// ---- Steps -------------------------------------------------------

void schedule::announce(operation what, const void* object,
                        const void* caller) {
  thread& me = *self();
  me.clock_reads = 0;
  me.intends = what;
  if (wanted_.timeouts_race && earliest_deadline() != never &&
      strategy_->happens(nondeterminism::pass_deadline)) {
    pass_time(earliest_deadline());
  }
  if (wanted_.timeouts_race &&
      strategy_->happens(nondeterminism::pass_time)) {
    pass_time(now_ + (instant{1} << strategy_->pick(longest_pause)));
  }
  thread& next = choose(what == operation::yield);
  if (&next != &me) {
    hand_over(next);
    take_turn(me);
  }
  write_step(what, object, caller);
}

void schedule::write_step(operation what, const void* object,
                          const void* caller) {
  thread& me = *self();
  const std::uint32_t at = record_->steps++;
  if (at >= static_cast<std::uint32_t>(wanted_.steps) ||
      at >= max_steps) {
    fail(ending::spinning,
         "the schedule does not end: it is still running after its "
         "budget of steps");
  }
  if (at >= rest_by_) {
    fail(
        ending::spinning,
        "the threads do not come to rest: this one keeps running where "
        "it should wait");
  }
  me.last_step = at;
  me.did = what;
  const auto move = static_cast<std::uint64_t>(me.id) << 8 |
                    static_cast<std::uint64_t>(what);
  record_->hash = (record_->hash ^ (move + 1)) * 0x100000001b3u;
  step& entry = record_->trace[at];
  entry = step{};
  entry.thread = static_cast<std::uint8_t>(me.id);
  entry.what = what;
  entry.preempts = std::exchange(preempted_, false);
  entry.time = now_;
  entry.object = object;
  entry.caller = caller;
  if (traced_) {
    unexplored here;
    std::array<void*, max_frames> frames{};
    backtrace(frames.data(), max_frames);
    std::ranges::copy(frames, entry.frames.begin());
  }
}

bool schedule::wait(reason why, const void* object, instant deadline) {
  thread& me = *self();
  // Whoever waits until now at most lets others go first, no more.
  const bool due = deadline <= now_;
  me.waits = due ? reason::none : why;
  me.object = object;
  me.deadline = due ? never : deadline;
  me.timed_out = due;
  record_->trace[me.last_step].blocked = !due;
  thread& next = due ? choose(false) : choose_after_waiting();
  if (&next != &me) {
    hand_over(next);
    take_turn(me);
  }
  record_->trace[me.last_step].timed_out = me.timed_out;
  return !me.timed_out;
}

void schedule::begin_timed_wait(instant deadline) {
  if (deadline == never) {
    return;
  }
  ++timed_waits_;
  if (!wanted_.polls) {
    fail(ending::polling,
         "a thread begins a timed wait where it should block until it "
         "is woken: it polls");
  }
}

int schedule::wake(reason why, const void* object, int count) {
  std::array<thread*, max_threads> waiters{};
  std::size_t found = 0;
  for (thread& each : threads()) {
    if (each.waits == why && each.object == object) {
      waiters[found++] = &each;
    }
  }
  int woken = 0;
  while (found > 0 && woken < count) {
    const bool all = static_cast<int>(found) <= count - woken;
    const std::size_t chosen = all ? 0 : strategy_->pick(found);
    waiters[chosen]->waits = reason::none;
    waiters[chosen]->deadline = never;
    std::copy(waiters.begin() + static_cast<std::ptrdiff_t>(chosen) + 1,
              waiters.begin() + static_cast<std::ptrdiff_t>(found),
              waiters.begin() + static_cast<std::ptrdiff_t>(chosen));
    --found;
    ++woken;
  }
  if (self() != nullptr && woken > 0) {
    record_->trace[self()->last_step].woken +=
        static_cast<std::uint16_t>(woken);
  }
  return woken;
}

int schedule::count_waiting(reason why, const void* object) const {
  return static_cast<int>(
      std::ranges::count_if(threads_, [&](const thread& each) {
        return each.waits == why && each.object == object;
      }));
}

bool schedule::fails_spuriously() {
  if (!wanted_.spurious_wakeups ||
      !strategy_->happens(nondeterminism::spurious_failure)) {
    return false;
  }
  record_->trace[self()->last_step].spurious = true;
  return true;
}

bool schedule::wakes_spuriously() {
  if (!wanted_.spurious_wakeups ||
      !strategy_->happens(nondeterminism::spurious_wakeup)) {
    return false;
  }
  record_->trace[self()->last_step].spurious = true;
  return true;
}

// ---- Who goes on -------------------------------------------------

std::size_t schedule::collect_runnable() {
  std::size_t found = 0;
  for (thread& each : threads()) {
    if (each.alive && each.waits == reason::none) {
      runnable_[found++] = &each;
    }
  }
  return found;
}

thread& schedule::choose(bool yields) {
  thread& me = *self();
  const std::size_t found = collect_runnable();
  const auto candidates = std::span(runnable_).first(found);
  thread& next = *candidates[strategy_->next(candidates, &me, yields)];
  me.streak = &next == &me && found > 1 ? me.streak + 1 : 0;
  if (&next != &me && !yields) {
    preempted_ = true;
    ++record_->preemptions;
  }
  return next;
}

thread& schedule::choose_after_waiting() {
  for (;;) {
    if (const std::size_t found = collect_runnable(); found > 0) {
      const auto candidates = std::span(runnable_).first(found);
      return *candidates[strategy_->next(candidates, nullptr, false)];
    }
    memory_.all_arrive();
    if (wake(reason::settle, nullptr, 1) > 0) {
      continue;
    }
    const instant next = earliest_deadline();
    if (next == never) {
      fail_deadlock();
    }
    pass_time(next);
  }
}

instant schedule::earliest_deadline() const {
  instant earliest = never;
  for (std::size_t i = 0; i < count_; ++i) {
    if (threads_[i].waits != reason::none) {
      earliest = std::min(earliest, threads_[i].deadline);
    }
  }
  return earliest;
}

void schedule::pass_time(instant until) {
  now_ = std::max(now_, until);
  for (thread& each : threads()) {
    if (each.waits != reason::none && each.deadline <= now_) {
      each.waits = reason::none;
      each.deadline = never;
      each.timed_out = true;
    }
  }
}

void schedule::fail_deadlock() {
  fail(ending::deadlock,
       "deadlock: no thread can go on, and no deadline will change "
       "that");
}

void schedule::hand_over(thread& next) {
  // pairs with take_turn: everything this thread did is visible to the
  // next one.
  next.turn.store(1, std::memory_order_release);
  raw_syscall(SYS_futex, reinterpret_cast<long>(&next.turn),
              FUTEX_WAKE_PRIVATE, 1);
}

void schedule::take_turn(thread& owner) {
  // pairs with hand_over: all that the last thread did is seen here.
  while (owner.turn.load(std::memory_order_acquire) == 0) {
    raw_syscall(SYS_futex, reinterpret_cast<long>(&owner.turn),
                FUTEX_WAIT_PRIVATE, 0, 0);
  }
  // pairs with hand_over: nobody else writes it while we have the turn.
  owner.turn.store(0, std::memory_order_relaxed);
}

}  // namespace explore
