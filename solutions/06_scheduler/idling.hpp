// What a machine does that has nothing to run: steal, spin, sleep.
//
// Book: chapter 6, step 6.10. Model: Go's findRunnable(), wakep() and
// stopm(); tokio's idle.rs.
//
// To make work visible              To go to sleep
//   1. puts a goroutine in a queue    1. announces its processor idle
//   2. (fence)                        2. stops to be a spinning one
//   3. is a processor idle, and       3. looks again at every queue
//      nobody spins? wakes one        4. sleeps
//
// The two lists mirror each other: each first writes what the other
// reads, then reads what the other writes. All of it is seq_cst, so at
// least one of them sees the other, and no goroutine waits in a queue
// while a processor idles. There is no timed sleep that would hide it
// if this were wrong.

#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

//@ #include "grading/todo.hpp"
#include "poller.hpp"
#include "scheduler.hpp"
#include "switching.hpp"

namespace workbook::gmp {

inline void scheduler::work_is_there(processor& p) {
  // [6.10 work_is_there]
  //@[6.2] (void)p;
  //@ todo("6.10", p);
  if (p.alone) {
    return;  // if a goroutine runs, no processor is idle
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (idle_count_.load() > 0 && spinning_.load() == 0) {
    wake_one();
  }
  // [6.10 work_is_there]
}

[[gnu::noinline]] inline void scheduler::wake_one() {
  // [6.10 wake_one]
  //@ todo("6.10");
  int none = 0;
  if (!spinning_.compare_exchange_strong(none, 1)) {
    return;  // that one will look at all queues
  }
  std::scoped_lock lock(mutex_);
  processor* const p = take_idle_processor();
  if (p == nullptr || !start(*p, true)) {
    spinning_.fetch_sub(1);  // still under the lock: see sleep
  }
  // [6.10 wake_one]
}

inline void scheduler::inject(goroutine& g) {
  note_apart(event_kind::injected, nullptr, nullptr, &g);
  global_.push(g);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (idle_count_.load() > 0 && spinning_.load() == 0) {
    wake_one();
  }
}

inline goroutine* scheduler::find_work(machine& m) {
  for (;;) {
    if (stopping_.load()) {
      return nullptr;
    }
    if (processor* const p = m.holds.load()) {
      goroutine* next = p->pick();
      if (next == nullptr) {
        next = steal(m);
      }
      if (next != nullptr) {
        found_work(m);
        return next;
      }
    }
    sleep(m);
  }
}

// ---- Stealing ----------------------------------------------------

// At most half of the busy machines: more would only disturb them.
inline bool scheduler::may_spin(machine& m) {
  // [6.10 may_spin]
  //@ return todo<bool>("6.10", m);
  if (m.spinning) {
    return true;
  }
  const int busy =
      static_cast<int>(processors_.size()) - idle_count_.load();
  if (2 * spinning_.load() >= busy) {
    return false;
  }
  spinning_.fetch_add(1);
  m.spinning = true;
  return true;
  // [6.10 may_spin]
}

// Looks at the other processors for a while. A goroutine that has
// started is worth little to a thief: its data is in the other cache.
// So at first the thief takes large batches only, and what is left, or
// next to run, after all that time.
inline goroutine* scheduler::steal(machine& m) {
  // [6.10 steal]
  //@[6.2] (void)m;
  //@[6.2] return nullptr;
  //@ return todo<goroutine*>("6.10", m);
  constexpr std::uint32_t large_batch = 16;
  processor& own = *m.holds.load();
  if (own.alone || !may_spin(m)) {
    return nullptr;
  }
  const std::size_t all = processors_.size();
  const auto others = static_cast<std::uint32_t>(all);
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    const bool last =
        std::chrono::steady_clock::now() - begin >= wanted_.spin;
    const std::uint32_t first = own.random(others);
    for (std::uint32_t i = 0; i < others; ++i) {
      processor& victim = *processors_[(first + i) % others];
      if (&victim == &own) {
        continue;
      }
      if (goroutine* const loot =
              own.steal_from(victim, last ? 1 : large_batch)) {
        return loot;
      }
    }
    if (goroutine* const next = own.pick()) {
      return next;
    }
    if (last || stopping_.load()) {
      return nullptr;
    }
    for (int i = 0; i < 16; ++i) {
      relax();
    }
  }
  // [6.10 steal]
}

// A machine that stops spinning because it found work makes sure that
// another one looks for more.
inline void scheduler::found_work(machine& m) {
  // [6.10 found_work]
  //@[6.2] (void)m;
  //@ todo("6.10", m);
  if (!m.spinning) {
    return;
  }
  m.spinning = false;
  if (spinning_.fetch_sub(1) == 1 && idle_count_.load() > 0) {
    wake_one();
  }
  // [6.10 found_work]
}

// ---- Sleeping ----------------------------------------------------

// Returns when the machine holds a processor, or the scheduler stops.
inline void scheduler::sleep(machine& m) {
  // [6.10 sleep]
  //@[6.2] announce_idle(m);
  //@[6.2] wait_for_processor(m);
  //@ todo("6.10", m);
  if (!announce_idle(m)) {
    return;
  }
  if (work_in_sight()) {
    take_processor_again(m);
  }
  wait_for_processor(m);
  // [6.10 sleep]
}

// False if there is no need to. Once the machine is in idle_machines_,
// another thread may start it, and writes `spinning`. So the machine
// counts itself off before that, under the same lock.
inline bool scheduler::announce_idle(machine& m) {
  std::scoped_lock lock(mutex_);
  if (stopping_.load() || global_.size() > 0) {
    if (m.holds.load() != nullptr) {
      return false;
    }
  }
  if (processor* const p = m.holds.load()) {
    note_apart(event_kind::slept, &m, p);
    m.holds.store(nullptr);
    p->holder.store(nullptr);
    make_idle(*p);
  }
  // [6.10 count off]
  //@ // TODO(6.10): a machine that spins stops to, here.
  if (m.spinning) {
    m.spinning = false;
    spinning_.fetch_sub(1);
  }
  // [6.10 count off]
  if (!m.idle) {
    m.idle = true;
    idle_machines_.push_back(&m);
  }
  return true;
}

// Another machine may have put work into a queue after this one had
// looked there, and before it could see that a processor is idle.
inline bool scheduler::work_in_sight() const {
  // [6.10 work_in_sight]
  //@ return todo<bool>("6.10");
  return global_.size() > 0 ||
         std::ranges::any_of(processors_, [](const auto& each) {
           return each->queue.size() > 0 ||
                  (each->unstarted &&
                   each->unstarted->size() > 0);
         });
  // [6.10 work_in_sight]
}

inline void scheduler::take_processor_again(machine& m) {
  std::scoped_lock lock(mutex_);
  if (m.holds.load() != nullptr || stopping_.load()) {
    return;  // was given one meanwhile
  }
  if (processor* const p = take_idle_processor()) {
    remove_idle(m);
    give(m, *p);
    m.spinning = true;
    spinning_.fetch_add(1);
  }
}

inline void scheduler::wait_for_processor(machine& m) {
  std::unique_lock lock(mutex_);
  while (m.holds.load() == nullptr && !stopping_.load()) {
    const bool idle = idle_processors_.size() == processors_.size() &&
                      detached_ == 0 && global_.size() == 0;
    const std::int64_t due = earliest_timer();
    if (idle && due == timer_heap::never) {
      nothing_runs(m, due);
    } else if (idle && wanted_.virtual_clock) {
      nothing_runs(m, due);
      continue;
    }
    if (stopping_.load()) {
      break;
    }
    if (timekeeper_ == nullptr && !idle_processors_.empty()) {
      keep_time(m, lock);
    } else {
      m.wake.wait(lock);
    }
  }
  if (timekeeper_ == nullptr && !idle_machines_.empty()) {
    idle_machines_.back()->wake.notify_one();  // to keep the time
  }
}

// ---- Idle processors and machines; the caller holds mutex_ -------

inline processor* scheduler::take_idle_processor() {
  if (idle_processors_.empty() || stopping_.load()) {
    return nullptr;
  }
  processor* const p = idle_processors_.back();
  idle_processors_.pop_back();
  idle_count_.fetch_sub(1);
  if (monitor_sleeps_) {
    monitor_sleeps_ = false;
    monitor_wake_.notify_one();
  }
  return p;
}

inline machine* scheduler::take_idle_machine() {
  // The timekeeper last: another one would have to take over.
  const auto found = std::ranges::find_if(
      idle_machines_,
      [this](machine* each) { return each != timekeeper_; });
  if (found != idle_machines_.end()) {
    machine* const m = *found;
    remove_idle(*m);
    return m;
  }
  if (!idle_machines_.empty()) {
    machine* const m = idle_machines_.back();
    remove_idle(*m);
    return m;
  }
  return nullptr;
}

inline void scheduler::remove_idle(machine& m) {
  m.idle = false;
  std::erase(idle_machines_, &m);
}

inline void scheduler::give(machine& m, processor& p) {
  p.holder.store(&m);
  m.holds.store(&p);
  if (p.asked.load() != request::none) {
    m.attention.fetch_or(machine::asked);
  }
  note_apart(event_kind::woke, &m, &p);
}

inline void scheduler::make_idle(processor& p) {
  idle_processors_.push_back(&p);
  idle_count_.fetch_add(1);
}

// Lets a machine run `p`: one that sleeps, or a new one. False if that
// takes a thread and none can be started: `p` is idle then, and what it
// would have run waits for the machines there are.
inline bool scheduler::start(processor& p, bool spinning) {
  if (machine* const m = take_idle_machine()) {
    m->spinning = spinning;
    give(*m, p);
    m->wake.notify_one();
    if (m == timekeeper_) {
      if (poller* const sockets = poller_.load()) {
        sockets->interrupt();
      }
    }
    return true;
  }
  machine* const made = make_machine();
  if (made == nullptr) {
    make_idle(p);
    return false;
  }
  made->spinning = spinning;
  give(*made, p);
  return true;
}

// A machine on a new thread, which waits for mutex_ before it looks for
// work. Null if there is no thread or no memory for it.
inline machine* scheduler::make_machine() {
  try {
    machines_.push_back(std::make_unique<machine>(
        *this, static_cast<int>(machines_.size())));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  machine& m = *machines_.back();
  m.attention.store(machines_.front()->attention.load() &
                    machine::fence);
  try {
    m.thread = std::thread([this, &m] {
      m.adopt_thread();
      { const std::scoped_lock until_it_has_a_processor(mutex_); }
      machine_loop(m);
    });
  } catch (...) {  // std::system_error, std::bad_alloc
    machines_.pop_back();
    return nullptr;
  }
  return &m;
}

inline void scheduler::machine_loop(machine& m) {
  while (goroutine* const next = find_work(m)) {
    change_stack(m, m.holds.load()->stack_for(*next));
    while (stack* const left = std::exchange(m.resumes, nullptr)) {
      change_stack(m, *left);
    }
  }
}

}  // namespace workbook::gmp
