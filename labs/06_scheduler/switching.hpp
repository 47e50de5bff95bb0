// From goroutine to goroutine: switching, parking, waking.
//
// Book: chapter 6, steps 6.2, 6.3 and 6.6.
//
// Invariants:
//   (I1) A goroutine that parks has made itself known to its waker
//        before it switches. The waker may be faster than the switch:
//        `suspended` (stack.hpp) makes the next machine wait for it.
//   (I2) No address of a thread-local variable is kept across a switch:
//        after park() a goroutine may be on another thread.
//   (I3) Until its context is saved, a machine waits for a stack on its
//        own one only: nobody waits for that one, so no two machines
//        wait for each other.

#pragma once

#include <cxxabi.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "grading/todo.hpp"
#include "machine.hpp"
#include "report.hpp"
#include "scheduler.hpp"

namespace workbook::gmp {

// ---- Switching ---------------------------------------------------

inline void machine::adopt_thread() {
  machine_of_thread = this;
  exceptions =
      reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
  error_number = &errno;
  own.notes.adopt_thread();
  own.suspended = false;
}

[[gnu::always_inline]] inline void arrive(void* passed) {
  todo("6.2", passed);
}

// Where to switch so that `wanted` runs next: to it, or by way of the
// machine's own stack. Another machine may be about to leave `wanted`,
// and may itself wait for the stack that this one is on: see (I3).
inline stack& way_to(machine& m, stack& wanted) {
  backoff pause;
  // pairs with arrive: the context is saved.
  while (!wanted.suspended.load(std::memory_order_acquire)) {
    if (m.current != &m.own) {
      m.resumes = &wanted;
      return m.own;
    }
    pause.wait();
  }
  return wanted;
}

inline void change_stack(machine& m, stack& wanted, bool ends) {
  todo("6.2", m, wanted, ends);
}

// ---- Calls of the scheduler --------------------------------------

/// Exists while code of the scheduler runs for a goroutine. The monitor
/// takes no processor away meanwhile; and here a goroutine that was
/// asked to gives way, or gets a processor back.
class runtime_call {
 public:
  runtime_call() { enter(true); }
  runtime_call(const runtime_call&) = delete;
  runtime_call& operator=(const runtime_call&) = delete;

  ~runtime_call() {
    // pairs with scheduler::retake: all that was done inside.
    here()->inside.store(false, std::memory_order_release);
  }

  /// What the constructor does. Without `gives_way` it only sees to it
  /// that there is a processor.
  static void enter(bool gives_way) {
    machine& m = *here();
    // relaxed: the monitor's membarrier, or the fence in attend,
    // orders the store and the load: see scheduler::retake.
    m.inside.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // relaxed: as above.
    if (m.attention.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      attend(gives_way);
    }
  }

  /// The processor of this moment; another one after a switch.
  static processor& here_and_now() {
    return here()->own_processor();
  }

  /// The goroutine that calls.
  static goroutine& self() { return *here()->current->runs; }

 private:
  static void attend(bool gives_way);
};

/// Runs the next goroutine. Returns once the calling one was made
/// runnable and a machine has picked it. `why` and `object` are for
/// reports.
void park(wait_reason why, const void* object = nullptr);

/// Puts the calling goroutine at the tail of the global queue and runs
/// the next one.
void give_way(event_kind why);

/// Makes a goroutine runnable that is parked, or is about to. Any
/// thread.
void ready(goroutine& g);

// ---- Implementation ----------------------------------------------

// Switches from the calling goroutine to what is next on `p`. That it
// was resumed, the goroutine notes itself: a waker may be faster than
// the note that it has parked.
inline void run_next(machine& m, processor& p) {
  goroutine* const next = p.pick();
  if (next == nullptr) {
    change_stack(m, m.own);
  } else if (next->on != m.current) {
    change_stack(m, p.stack_for(*next));
  }
  runtime_call::here_and_now().note(event_kind::resumed,
                                    &runtime_call::self());
}

inline void park(wait_reason why, const void* object) {
  todo("6.6", why, object);
  // Serves from step 6.3 on:
  // (void)why;
  // (void)object;
  // run_next(*here(), runtime_call::here_and_now());
}

inline void give_way(event_kind why) {
  machine& m = *here();
  processor& p = m.own_processor();
  p.note(why, m.current->runs);
  p.home.global_.push(*m.current->runs);
  p.home.work_is_there(p);
  run_next(m, p);
}

inline void ready(goroutine& g) {
  todo("6.12", g);
}

[[gnu::noinline]] inline void runtime_call::attend(bool gives_way) {
  todo("6.11", gives_way);
  // Serves from step 6.2 on:
  // processor& p = here_and_now();
  // if (gives_way && p.asked.load() == request::stop) {
    // run_next(*here(), p);
  // }
}

// ---- The life of a goroutine -------------------------------------

// Calls the goroutine's function; notes what it throws.
inline void call(goroutine& g) noexcept {
  todo("6.2", g);
}

// What happens when the function has returned. On its stack.
inline void finish(processor& p, goroutine& g) {
  todo("6.2", p, g);
}

// What runs on the stack `argument`: goroutines, one after the other,
// as long as the next one has not started and needs a stack.
inline void stack_main(void* passed, void* argument) {
  todo("6.2", passed, argument);
}

[[gnu::noinline]] inline stack& processor::new_stack(goroutine& g) {
  if (free_stacks == nullptr) {
    free_stacks = home.stacks_.take();
    for (stack* each = free_stacks; each != nullptr;
         each = each->next) {
      ++stacks_kept;
    }
  }
  stack& fresh = *free_stacks;
  free_stacks = fresh.next;
  --stacks_kept;
  fresh.ended = false;
  fresh.runs = &g;
  fresh.exceptions = {};
  fresh.error_number = 0;
  fresh.pinned = nullptr;
  fresh.notes.forget_frames();
  fresh.saved = prepare_stack(&fresh, stack_main, &fresh);
  // relaxed: this machine resumes it.
  fresh.suspended.store(true, std::memory_order_relaxed);
  g.on = &fresh;
  return fresh;
}

// The stack on which the call is made is never in a batch that leaves:
// it comes last onto the list, and the list is cut below.
[[gnu::noinline]] inline void processor::put_stack(stack& one) {
  if (stacks_kept >= 4 * batch) {
    stack* last = free_stacks;
    for (std::uint32_t i = 1; i < batch; ++i) {
      last = last->next;
    }
    stack* const leaves = std::exchange(free_stacks, last->next);
    last->next = nullptr;
    stacks_kept -= batch;
    home.stacks_.put(leaves);
  }
  one.next = free_stacks;
  free_stacks = &one;
  ++stacks_kept;
}

inline goroutine& processor::make_goroutine() {
  if (free_goroutines == nullptr) {
    free_goroutines = home.goroutines_.take();
    goroutines_kept = batch;
  }
  if (next_id == last_id) {
    next_id = home.next_id_.fetch_add(64);
    last_id = next_id + 64;
  }
  goroutine& made = *free_goroutines;
  free_goroutines = made.next;
  --goroutines_kept;
  made.on = nullptr;
  // relaxed: a queue publishes the goroutine.
  made.owner.store(goroutine::held, std::memory_order_relaxed);
  made.home = &home;
  made.name = nullptr;
  made.id = next_id++;
  return made;
}

inline void processor::recycle(goroutine& g) {
  if (goroutines_kept >= 4 * batch) {
    goroutine* last = free_goroutines;
    for (std::uint32_t i = 1; i < batch; ++i) {
      last = last->next;
    }
    goroutine* const leaves =
        std::exchange(free_goroutines, last->next);
    last->next = nullptr;
    goroutines_kept -= batch;
    home.goroutines_.put(leaves);
  }
  g.run = nullptr;
  g.next = free_goroutines;
  free_goroutines = &g;
  ++goroutines_kept;
}

}  // namespace workbook::gmp
