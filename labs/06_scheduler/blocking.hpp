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

#include "grading/todo.hpp"
#include "idling.hpp"
#include "scheduler.hpp"
#include "switching.hpp"

namespace workbook::gmp {

// ---- Processors that change hands --------------------------------

// Gives a processor that its machine has left to another machine if
// there is work for it. False if no machine can be started: it is idle
// then. The caller holds mutex_.
inline bool scheduler::hand_off(processor& p) {
  return todo<bool>("6.11", p);
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
  todo("6.11", m);
}

// Called by a goroutine whose machine has no processor, or had none a
// moment ago.
inline void scheduler::come_back() {
  todo("6.11");
}

// ---- The monitor -------------------------------------------------

inline void scheduler::look_after_processors() {
  todo("6.11");
  // Serves from step 6.2 on:
  // // Nobody is asked for anything yet.
}

// A machine that enters the scheduler writes `inside` and then reads
// `attention`; here it is the other way round. At least one of the two
// sees what the other has written.
inline bool scheduler::retake(processor& p) {
  return todo<bool>("6.11", p);
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
  return todo<decltype(f())>("6.11", f);
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
  return todo<decltype(f())>("6.11", f);
}

}  // namespace workbook::gmp
