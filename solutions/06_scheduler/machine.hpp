// M: a thread, and what of it the scheduler needs.
//
// Book: chapter 6, steps 6.2 and 6.11. Document: 004, "M". Model: Go's
// runtime.m; its g0 is `own`.
//
// Invariants:
//   (I1) A machine runs goroutines only while it holds a processor, or
//        while the goroutine is in a blocking call or makes no call.
//   (I2) `inside` is true while code of the scheduler runs; only while
//        it is false may the monitor take the processor away.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <thread>

#include "processor.hpp"
#include "stack.hpp"

namespace workbook::gmp {

struct alignas(128) machine {
  machine(scheduler& of, int number) : home(of), id(number) {}

  /// To be called once, on the machine's own thread.
  void adopt_thread();

  /// The processor of a machine that is inside a runtime_call.
  [[nodiscard]] processor& own_processor() const {
    // relaxed: others write it only while the machine is outside, or
    // sleeps; it has been under their lock since.
    return *holds.load(std::memory_order_relaxed);
  }

  std::atomic<bool> inside{true};  // (I2)
  /// What a call of the scheduler has to attend to.
  enum : unsigned char {
    fence = 1,    // always: `inside` is ordered by a fence, see retake
    revoked = 2,  // its processor was taken, or is just being taken
    asked = 4     // something is asked of its processor
  };
  std::atomic<unsigned char> attention{0};
  // Counted in scheduler::spinning_. The machine's own; while `idle`,
  // guarded by the scheduler's mutex.
  bool spinning = false;
  bool idle = false;      // in scheduler::idle_machines_; its mutex
  std::atomic<processor*> holds{nullptr};
  stack* current = &own;                  // the stack that runs
  stack* resumes = nullptr;               // by way of `own`: next
  exception_state* exceptions = nullptr;  // the thread's
  int* error_number = nullptr;            // the thread's errno
  scheduler& home;
  const int id;
  std::atomic<bool> blocks{false};  // in a short blocking call
  stack own;                        // the thread's stack: Go's g0
  // Notified when `holds` is set, or the scheduler stops, or `own` is
  // to keep the time; its mutex is the scheduler's.
  std::condition_variable wake;
  std::thread thread;
};

/// Leaves the running stack for `to`; returns when somebody switches
/// back. `ends`: the running stack is free then, and nobody does.
void change_stack(machine& m, stack& to, bool ends = false);

/// What the context after a switch does first: says that the one before
/// it, `passed`, may be resumed, or frees it.
void arrive(void* passed);

}  // namespace workbook::gmp
