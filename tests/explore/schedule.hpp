// One execution of a scenario: who has the turn, and who gets it.
//
// Every thread of the scenario is a real thread, but only the one that
// has the turn runs; the others wait on their own futex. At each step
// (a lock, an atomic access, a start, …) the running thread asks the
// strategy who goes on, and hands the turn over.
//
// Invariants:
//   (I1) Exactly one thread has the turn, from begin() to the end of
//        the process. Only it reads or writes anything here.
//   (I2) A thread whose `waits` is not none gets the turn only after
//        somebody set it to none: by a wake, a deadline, or because
//        nobody else could go on (settle).
//   (I3) Virtual time passes only while no thread can run, unless the
//        strategy lets a deadline race (nondeterminism::pass_deadline) or
//        some time pass (nondeterminism::pass_time).
//
// Book: appendix "How the explorer works", section One at a time.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "clock_table.hpp"
#include "explore.hpp"
#include "memory_model.hpp"
#include "record.hpp"
#include "strategy.hpp"
#include "thread.hpp"

namespace explore {

class schedule {
 public:
  // ---- The ends ---------------------------------------------------

  /// Makes the calling thread the scenario's first and gives it the
  /// turn. `traced`: keep the call stack of every step.
  void begin(record& into, std::unique_ptr<strategy> how,
             const options& wanted, bool traced);

  /// Called when the scenario has returned: lets detached threads end,
  /// and fails if any thread is left.
  void finish();

  /// Ends the process with what is in the record so far.
  [[noreturn]] void fail(ending how, std::string_view text);

  // ---- For the models of the primitives ---------------------------

  /// Announces the calling thread's next step and lets others go
  /// first. On return it has the turn, and acts at once.
  void announce(operation what, const void* object, const void* caller);

  /// Waits for wake(why, object) or the deadline. False: timed out.
  /// The caller looks again at what it waits for.
  bool wait(reason why, const void* object, instant deadline = never);

  /// The calling thread is about to wait, at most until `deadline`.
  /// Counts it, unless that is never, and fails where the test wants
  /// no polling.
  void begin_timed_wait(instant deadline);
  int timed_waits() const { return timed_waits_; }

  /// Lets up to `count` threads that wait so go on, in an order of the
  /// strategy's; says how many.
  int wake(reason why, const void* object, int count = max_threads);

  /// How many threads wait so.
  int count_waiting(reason why, const void* object) const;

  /// Marks the current step as a spurious wakeup if there is to be one.
  bool wakes_spuriously();

  /// The same for an attempt that may fail without a reason.
  bool fails_spuriously();

  // ---- Happens-before ---------------------------------------------

  void acquire(const void* object);
  void release(const void* object);

  memory_model& memory() { return memory_; }
  strategy& chance() { return *strategy_; }
  clock_table& clocks() { return clocks_; }

  // ---- Threads and time -------------------------------------------

  thread* add_thread();  // null: no more than max_threads
  void name_thread(thread& named, std::string_view role);
  void start_running();  // first act of a new thread: wait for its turn
  [[noreturn]] void end_thread();  // its last act
  thread* find(pthread_t handle);

  std::span<thread> threads() {
    return std::span(threads_).first(count_);
  }
  int alive_besides_first() const;

  instant now() const { return now_; }
  /// A look at the clock. A thread that looks a hundred times without
  /// doing anything else polls it, and then time passes.
  instant read_clock();
  void settle(const void* caller);

  record& log() { return *record_; }
  const options& wanted() const { return wanted_; }

  /// Counts down to the start of a thread that is to fail; 0: none.
  int failing_start = 0;

  static thread* self();

 private:
  void write_step(operation what, const void* object,
                  const void* caller);
  std::size_t collect_runnable();
  thread& choose(bool yields);
  thread& choose_after_waiting();
  instant earliest_deadline() const;
  void pass_time(instant until);
  void hand_over(thread& next);
  void take_turn(thread& owner);
  void summarise();
  [[noreturn]] void fail_deadlock();

  record* record_ = nullptr;
  std::unique_ptr<strategy> strategy_;
  options wanted_;
  bool traced_ = false;
  instant now_ = 0;
  int timed_waits_ = 0;
  bool preempted_ = false;  // the turn was taken from who could go on
  std::uint32_t rest_by_ = max_steps;  // settle()'s patience ends here
  std::size_t count_ = 0;
  std::array<thread, max_threads> threads_{};
  std::array<thread*, max_threads> runnable_{};
  clock_table clocks_;
  memory_model memory_;
};

/// The schedule of this process.
schedule& current_schedule();

/// Whether the calling thread belongs to a running schedule, and is
/// not inside the explorer itself: else a hook does the real thing.
bool explored();

/// While it lives, what the calling thread does is not explored.
class unexplored {
 public:
  unexplored();
  ~unexplored();
  unexplored(const unexplored&) = delete;
  unexplored& operator=(const unexplored&) = delete;
};

}  // namespace explore

/// Called in the process of a failing schedule, in the thread and at
/// the step at which it fails: a place for a debugger to stop.
extern "C" void explore_failing_step();
