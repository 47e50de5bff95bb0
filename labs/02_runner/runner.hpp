// Tasks in order, under a deadline and an interrupt: one outcome, and
// nothing left behind.
//
// Book: chapter 2, "Runner". Document: 001, its first pattern.
// Model: the document's runner, less its seven faults.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) At most one task runs, and tasks end in the order of add.
//   (I2) `decided` never goes back to false during a run; `report.how`
//        and `decided_at` do not change after it.
//   (I3) `report.how` is completed if and only if the last task returned
//        strictly before the deadline and no other cause came before.
//   (I4) After `decided`, no task starts.
//   (I5) All data of one run is in progress_.
// And at all times:
//   (I6) No user code runs while mutex_ is held.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "deadline.hpp"
#include "grading/todo.hpp"
#include "run_report.hpp"

namespace workbook {

/// runner runs its tasks one after another, on a thread of its own,
/// until all have returned or a cause ends the run: the deadline, an
/// interrupt, or a task that throws. The first cause wins.
///
/// Thread safety: any member may be called from any thread, also from
/// a task; only the destructor requires that no other call is in
/// progress. Document: 001, runner.
class runner {
 public:
  using clock = std::chrono::steady_clock;
  using nanoseconds = std::chrono::nanoseconds;

  /// A run without a deadline.
  static constexpr nanoseconds no_limit = nanoseconds::max();

  /// Each run may take `limit`, counted from its start. Throws
  /// std::invalid_argument if `limit` or `options.grace` is negative.
  explicit runner(nanoseconds limit, runner_options options = {});

  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;
  ~runner() = default;

  /// Appends `task`. Throws std::invalid_argument if it is empty and
  /// std::logic_error during a run. O(1).
  void add(runner_task task);

  /// Runs the tasks in the order of add, each with its number, on a
  /// thread of its own. Returns when no task of the run runs any more,
  /// and blocks until then.
  ///
  /// The limit counts from the start of this call. Each task's return
  /// is stamped. completed: the last stamp is strictly before the
  /// deadline, no task failed, and no interrupt came before it; so a
  /// tie is a timeout. Without tasks: completed. Else the first cause
  /// wins: the deadline, an interrupt (a stop requested on
  /// `interrupt`, before or during the run), or a task that threw.
  /// After it the running task's token is stopped, no further task
  /// starts, and later causes change nothing. The call waits for a
  /// task that does not heed, and reports it as the options say.
  ///
  /// A second run starts afresh. Throws, and the runner can run again:
  ///   - std::logic_error: called during a run.
  ///   - std::system_error: the system has no thread left.
  run_report run(std::stop_token interrupt = {});

 private:
  // All that belongs to one run.
  struct progress {
    clock::time_point start{};
    clock::time_point deadline = clock::time_point::max();
    std::stop_source stop;           // of the tasks' tokens
    std::optional<int> running;      // the task that runs
    bool decided = false;            // report.how is final
    clock::time_point decided_at{};  // when that cause came
    run_report report;
  };

  void work();
  bool start(int id);
  std::exception_ptr call(int id);
  void end(int id, std::exception_ptr error);
  void decide(outcome how, clock::time_point at);
  void watch();
  void report_overdue();
  void note(std::exception_ptr error);

  const nanoseconds limit_;
  const runner_options options_;

  // mutex_ guards every field below it. During a run tasks_ does not
  // change, and may be read without it.
  std::mutex mutex_;
  std::condition_variable changed_;  // decided, or none is running
  std::vector<runner_task> tasks_;
  progress progress_;
  // TODO(2.6): whether a run is in progress.
};

// ---- Implementation --------------------------------------------

inline runner::runner(nanoseconds limit, runner_options options)
    : limit_(limit), options_(std::move(options)) {
  // TODO(2.1): which arguments make no sense?
  todo("2.1");
}

inline void runner::add(runner_task task) {
  std::scoped_lock lock(mutex_);
  // TODO(2.6): when must nothing be added?
  if (progress_.running) {
    todo("2.6");
  }
  // TODO(2.1): keep the task, unless it is empty.
  todo("2.1", task);
}

inline run_report runner::run(
    [[maybe_unused]] std::stop_token interrupt) {
  // TODO(2.6): one run at a time, and each starts afresh.
  {
    std::scoped_lock lock(mutex_);
    if (progress_.running || progress_.decided) {
      todo("2.6");  // a run is in progress, or there was one
    }
  }
  // TODO(2.1): what is there to wait for without tasks?
  // TODO(2.2): from when does the limit count, and until when?
  if (limit_ != no_limit) {
    todo("2.2");
  }
  // TODO(2.3): an interrupt is a cause from here on.
  if (interrupt.stop_possible()) {
    todo("2.3");
  }
  // TODO(2.1): call work() on a thread of the run's own,
  // watch() and then report_overdue() on this one, and leave nothing
  // running.
  todo("2.1");
  std::scoped_lock lock(mutex_);
  return std::move(progress_.report);
}

// What the run's own thread does.
inline void runner::work() {
  // TODO(2.1): one task after another: start(id), call(id),
  // end(id, …).
  todo("2.1");
}

// Whether task `id` may run; from then on it does.
inline bool runner::start(int id) {
  std::scoped_lock lock(mutex_);
  // TODO(2.2): after what does no task start?
  if (id == static_cast<int>(tasks_.size())) {
    return false;
  }
  progress_.running = id;
  return true;
}

// Calls task `id`; what it threw, or null.
inline std::exception_ptr runner::call(int id) {
  const runner_task& task = tasks_[static_cast<std::size_t>(id)];
  // TODO(2.4): no exception may leave the run's thread.
  try {
    task(progress_.stop.get_token(), id);
  } catch (...) {
    todo("2.4");
  }
  return nullptr;
}

// Takes note that task `id` has ended, by `error` if that is not null.
inline void runner::end(int id,
                        [[maybe_unused]] std::exception_ptr error) {
  std::scoped_lock lock(mutex_);
  const auto at = clock::now();  // the stamp: (I3) is about it
  progress_.running.reset();
  // TODO(2.4): report when it ended; is its error a cause?
  // TODO(2.1): with which task is the run completed?
  todo("2.1", id, at);
  // TODO(2.4): did this task run when the cause came? There are
  // two places that can notice a deadline first: watch, and here.
  changed_.notify_all();
}

// Takes note of a cause that came `at` this time, unless an earlier
// one is known: (I2), (I3). The caller holds mutex_.
inline void runner::decide(outcome how,
                           [[maybe_unused]] clock::time_point at) {
  // TODO(2.2): which cause wins? What if the deadline had passed
  // already, and nobody had noticed?
  progress_.report.how = how;  // enough until step 2.2
  progress_.decided = true;
  changed_.notify_all();
}

// What the thread that called run does: waits for a cause, and asks
// the running task to stop.
inline void runner::watch() {
  // TODO(2.2): wait until the run is decided or the deadline is
  // there, which decides it. Then stop the task that runs.
}

// Until no task runs: reports the one that does not heed its stop.
inline void runner::report_overdue() {
  // TODO(2.4): call options_.on_overdue after each further
  // options_.grace, while the stopped task still runs.
  if (options_.grace > nanoseconds::zero()) {
    todo("2.4");
  }
}

// Reports `error`, if any. The caller holds mutex_.
inline void runner::note([[maybe_unused]] std::exception_ptr error) {
  // TODO(2.4): the first one apart, all others in order.
}

}  // namespace workbook
