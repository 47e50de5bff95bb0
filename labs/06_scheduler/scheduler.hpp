// The scheduler: its processors and its machines.
//
// Book: chapter 6, "A scheduler of your own". Document: 004. Model:
// Go's runtime/proc.go, whose three rejected designs for waking threads
// the book tells.
//
// Invariants:
//   (I1) A processor is held by one machine, or idle, or on its way
//        from one to the other under mutex_.
//   (I2) Idle processors have empty queues.
//   (I3) If a goroutine may run and a processor is idle, then a machine
//        spins or is being woken: see sleep. What stands in runnext is
//        the exception: it waits for its machine's next pick, and at
//        most until the monitor looks.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "global_queue.hpp"
#include "goroutine.hpp"
#include "goroutine_pool.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "processor.hpp"
#include "stack.hpp"

namespace workbook::gmp {

class poller;

/// Runs goroutines. Several schedulers may exist at a time; a goroutine
/// belongs to one. Handles must not outlive their scheduler.
class scheduler {
 public:
  /// Throws std::invalid_argument if an option is out of its range.
  explicit scheduler(options wanted = {});
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;
  ~scheduler();

  /// Runs main() as the first goroutine, on the calling thread and
  /// others. Returns once it has returned and every machine has
  /// stopped: a goroutine that runs goes on until its next call of the
  /// scheduler, a blocking call until its end. Goroutines that are
  /// still there are reported to on_leak, and returned; what is on
  /// their stacks is not destroyed. Rethrows what main throws. Throws
  /// deadlock if every goroutine waits and nothing is left that could
  /// wake one; std::logic_error if called twice, or by a goroutine;
  /// std::system_error if the monitor's thread cannot be started. If
  /// another thread cannot, those that there are run everything.
  template <typename F>
  std::vector<goroutine_info> run(
      F main, spawn_place where = spawn_place::current());

  /// Moves the virtual clock, as if the calling goroutine had computed
  /// for so long; then looks as the monitor would. Virtual clock only.
  void advance(duration by);

  /// One line like Go's schedtrace: processors, idle ones, machines,
  /// spinning and idle ones, the global queue and each local one.
  [[nodiscard]] std::string schedtrace();

  /// The events that were kept, in their order. After run.
  [[nodiscard]] std::vector<trace_event> trace();

  /// How many machines there are; how many stacks were ever made.
  [[nodiscard]] int machines() const;

  // ---- For the parts of the scheduler ----------------------------

  /// Nanoseconds of the scheduler's clock.
  [[nodiscard]] std::int64_t now() const;
  /// The time of a moment ago, for reports: costs no clock read.
  [[nodiscard]] std::int64_t about_now() const {
    // relaxed: see run_due_timers.
    return about_now_.load(std::memory_order_relaxed);
  }

  /// Blocks until there is a goroutine for `m` to run; null once the
  /// scheduler stops. On the machine's own stack.
  goroutine* find_work(machine& m);
  /// To be called after work was made visible: wakes a machine if one
  /// sleeps and none is looking for work.
  void work_is_there(processor& p);
  /// Makes `g` runnable, from a thread that holds no processor.
  void inject(goroutine& g);
  /// Puts goroutines whose timers are due into p's queue.
  bool run_due_timers(processor& p);
  /// A timer was added that is due at `when`, and first in its heap.
  void timer_was_added(std::int64_t when);
  /// Puts goroutines whose descriptors are ready into p's queue.
  bool poll_descriptors(processor& p);
  poller& descriptors();

  /// Gives the processor of `m` away, for a blocking call.
  void give_processor_away(machine& m);
  /// Gets a processor back for the machine of the calling goroutine,
  /// or lets the goroutine wait for one in the global queue.
  void come_back();
  /// What the monitor does every 10 ms.
  void look_after_processors();
  /// Takes the processor of a machine that does not call the
  /// scheduler; false if it does so right now.
  bool retake(processor& p);

  void unjoined(std::exception_ptr error);
  void stop();

  const options wanted_;
  std::vector<std::unique_ptr<processor>> processors_;
  global_queue global_;
  stack_pool stacks_;
  goroutine_pool goroutines_;
  std::atomic<std::uint64_t> next_id_{1};
  std::atomic<std::uint64_t> next_event_{0};
  /// Goroutines that wait with a stop token: any thread may wake them.
  std::atomic<int> stoppable_{0};
  /// Notes what happens to a machine that holds no processor.
  void note_apart(event_kind what, const machine* m, const processor* p,
                  const goroutine* g = nullptr);

 private:
  void begin_run(machine& m);
  void finish_run(machine& m);
  void stop_all();
  bool hand_off(processor& p);
  bool detach(machine& m, processor& p);
  void machine_loop(machine& m);
  goroutine* steal(machine& m);
  bool may_spin(machine& m);
  void found_work(machine& m);
  void sleep(machine& m);
  bool announce_idle(machine& m);
  bool work_in_sight() const;
  void take_processor_again(machine& m);
  void wait_for_processor(machine& m);
  bool nobody_will_wake() const;
  void nothing_runs(machine& m, std::int64_t due);
  void keep_time(machine& m, std::unique_lock<std::mutex>& lock);
  void wake_one();
  bool start(processor& p, bool spinning);
  machine* make_machine();
  void make_idle(processor& p);
  void give(machine& m, processor& p);
  processor* take_idle_processor();
  machine* take_idle_machine();
  void remove_idle(machine& m);
  std::int64_t earliest_timer() const;
  void monitor_loop();
  goroutine_info describe(const goroutine& g) const;
  std::vector<goroutine_info> all_goroutines();
  std::vector<goroutine_info> end_run();

  std::atomic<std::int64_t> virtual_now_{0};
  std::atomic<std::int64_t> about_now_{0};
  std::atomic<int> idle_count_{0};  // idle_processors_.size()
  std::atomic<int> spinning_{0};    // machines that look for work
  std::atomic<bool> stopping_{false};
  /// Until when the timekeeper sleeps; before all times if there is
  /// none, or needs none.
  std::atomic<std::int64_t> keeps_until_{INT64_MIN};
  std::atomic<poller*> poller_{nullptr};

  // mutex_ guards every field below it, and `idle` of machines.
  mutable std::mutex mutex_;
  std::vector<processor*> idle_processors_;
  std::vector<machine*> idle_machines_;
  std::vector<std::unique_ptr<machine>> machines_;
  machine* timekeeper_ = nullptr;  // sleeps until a timer is due
  int detached_ = 0;  // goroutines that run without a processor
  bool started_ = false;
  bool monitor_sleeps_ = false;
  std::condition_variable
      monitor_wake_;  // stopping_ or !monitor_sleeps_
  std::unique_ptr<deadlock> deadlock_;
  std::unique_ptr<poller> own_poller_;
  trace_ring machine_events_;
  std::exception_ptr main_failure_;
  std::thread monitor_;
};

}  // namespace workbook::gmp
