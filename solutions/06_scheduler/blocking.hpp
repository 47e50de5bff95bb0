// Calls that block the thread, and goroutines that do not call.
//
// Book: chapter 6, step 6.11. Document: 004, "the goroutine in a system
// call is handed to another thread" (its processor is). Model: Go's
// entersyscall, exitsyscall and sysmon.

#pragma once

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <utility>

//@ #include "grading/todo.hpp"
#include "idling.hpp"
#include "scheduler.hpp"
#include "switching.hpp"

namespace workbook::gmp {

// ---- Processors that change hands --------------------------------

// Gives a processor that its machine has left to another machine if
// there is work for it. False if no machine can be started: it is idle
// then. The caller holds mutex_.
inline bool scheduler::hand_off(processor& p) {
  // [6.11 hand_off]
  //@ return todo<bool>("6.11", p);
  const bool due = p.timers.next() != timer_heap::never;
  if (p.has_work() || due || global_.size() > 0) {
    return start(p, false);
  }
  make_idle(p);
  if (work_in_sight() || timekeeper_ == nullptr) {
    return start(*take_idle_processor(), false);
  }
  return true;
  // [6.11 hand_off]
}

// Takes `p` from its machine, for another one. False if there is none
// and none can be started: then `m` keeps it. The caller holds mutex_.
inline bool scheduler::detach(machine& m, processor& p) {
  m.holds.store(nullptr);
  p.holder.store(nullptr);
  ++detached_;
  if (stopping_.load()) {
    make_idle(p);
  } else if (!hand_off(p)) {
    --detached_;
    give(m, *take_idle_processor());  // p, the last to become idle
    return false;
  }
  return true;
}

inline void scheduler::give_processor_away(machine& m) {
  // [6.11 give away]
  //@ todo("6.11", m);
  processor& p = *m.holds.load();
  p.note(event_kind::blocked, m.current->runs);
  std::scoped_lock lock(mutex_);
  if (detach(m, p)) {
    m.attention.fetch_or(machine::revoked);
  }
  // [6.11 give away]
}

// Called by a goroutine whose machine has no processor, or had none a
// moment ago.
inline void scheduler::come_back() {
  // [6.11 come_back]
  //@ todo("6.11");
  machine& m = *here();
  {
    std::scoped_lock lock(mutex_);
    if ((m.attention.load() & machine::revoked) == 0) {
      return;  // the monitor had second thoughts: see retake
    }
    m.attention.fetch_and(
        static_cast<unsigned char>(~machine::revoked));
    --detached_;
    if (processor* const p = take_idle_processor()) {
      give(m, *p);
      p->note(event_kind::returned, m.current->runs);
      return;
    }
    if (!stopping_.load()) {
      goroutine& g = *m.current->runs;
      note_apart(event_kind::injected, &m, nullptr, &g);
      global_.push(g);
    }
  }
  change_stack(m, m.own);  // and sleep there, for a processor
  runtime_call::here_and_now().note(event_kind::returned,
                                    &runtime_call::self());
  // [6.11 come_back]
}

// ---- The monitor -------------------------------------------------

inline void scheduler::look_after_processors() {
  // [6.11 monitor]
  //@[6.2] // Nobody is asked for anything yet.
  //@ todo("6.11");
  about_now_.store(now());
  for (const auto& each : processors_) {
    processor& p = *each;
    machine* const m = p.holder.load();
    if (m == nullptr) {
      continue;
    }
    const std::uint32_t tick = p.tick.load();
    const bool due = earliest_timer() <= now();
    const bool waits =
        p.has_work() || global_.size() > 0 || due;
    if (tick != p.seen_tick.exchange(tick) && !m->blocks.load()) {
      p.stuck = 0;
    } else if (waits && (++p.stuck > 1 || m->blocks.load())) {
      retake(p);
    } else if (waits) {
      request expected = request::none;
      p.asked.compare_exchange_strong(expected, request::preempt);
      m->attention.fetch_or(machine::asked);
    }
  }
  // [6.11 monitor]
}

// A machine that enters the scheduler writes `inside` and then reads
// `attention`; here it is the other way round. At least one of the two
// sees what the other has written.
inline bool scheduler::retake(processor& p) {
  // [6.11 retake]
  //@ return todo<bool>("6.11", p);
  std::scoped_lock lock(mutex_);
  machine* const m = p.holder.load();
  if (m == nullptr || stopping_.load()) {
    return false;
  }
  m->attention.fetch_or(machine::revoked);
  if ((m->attention.load() & machine::fence) != 0) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  } else {
    constexpr int command = MEMBARRIER_CMD_PRIVATE_EXPEDITED;
    ::syscall(SYS_membarrier, command, 0, 0);
  }
  if (m->inside.load() || !detach(*m, p)) {
    m->attention.fetch_and(
        static_cast<unsigned char>(~machine::revoked));
    return false;
  }
  note_apart(event_kind::retaken, m, &p, m->current->runs);
  p.asked.store(request::none);
  return true;
  // [6.11 retake]
}

inline void scheduler::monitor_loop() {
  constexpr auto slice = std::chrono::milliseconds(10);
  auto printed = std::chrono::steady_clock::now();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const bool nothing_to_do =
          idle_processors_.size() == processors_.size();
      if (nothing_to_do) {
        monitor_sleeps_ = true;
        monitor_wake_.wait(lock, [this] {
          return stopping_.load() || !monitor_sleeps_;
        });
      } else {
        monitor_wake_.wait_for(lock, slice,
                               [this] { return stopping_.load(); });
      }
    }
    if (stopping_.load()) {
      return;
    }
    look_after_processors();
    const auto time = std::chrono::steady_clock::now();
    if (wanted_.schedtrace.count() > 0 &&
        time - printed >= wanted_.schedtrace) {
      printed = time;
      std::fprintf(stderr, "%s\n", schedtrace().c_str());
    }
  }
}

// ---- The goroutines' side ----------------------------------------

/// Runs f(), which may block the thread: a system call, a library that
/// locks. The processor is given away before, so that other goroutines
/// run meanwhile; afterwards the goroutine takes an idle processor, or
/// waits for one in the global queue. If no thread can be started that
/// would run the others, the processor is kept, and they wait. Returns
/// what f returns, throws what it throws. Costs a lock and, if work
/// waits, a wake-up.
template <typename F>
auto blocking(F f) {
  struct away {
    away() {
      const runtime_call inside;
      machine& m = *here();
      m.home.give_processor_away(m);
    }
    ~away() {
      const runtime_call inside;  // comes back
    }
  };
  // [6.11 blocking]
  //@ return todo<decltype(f())>("6.11", f);
  const away from_the_processor;
  return f();
  // [6.11 blocking]
}

/// As blocking, for calls that are short as a rule: the processor is
/// kept, and the monitor takes it away if f still runs when it looks
/// (every 10 ms) and work waits. Costs two stores.
template <typename F>
auto maybe_blocking(F f) {
  struct mark {
    mark() : m(*here()) { m.blocks.store(true); }
    ~mark() {
      m.blocks.store(false);
      const runtime_call inside;  // comes back, if needed
    }
    machine& m;
  };
  // [6.11 maybe_blocking]
  //@ return todo<decltype(f())>("6.11", f);
  const mark of_the_machine;
  return f();
  // [6.11 maybe_blocking]
}

}  // namespace workbook::gmp
