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
//@ #include "grading/todo.hpp"
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
  // [2.6 fields]
  //@ // TODO(2.6): whether a run is in progress.
  bool in_run_ = false;

  // Claims the runner for one run, which begins afresh.
  struct claim {
    explicit claim(runner& by) : owner(by) {
      std::scoped_lock lock(owner.mutex_);
      if (owner.in_run_) {
        throw std::logic_error("runner: run during a run");
      }
      owner.in_run_ = true;
      owner.progress_ = progress();
    }
    claim(const claim&) = delete;
    claim& operator=(const claim&) = delete;
    ~claim() {
      std::scoped_lock lock(owner.mutex_);
      owner.in_run_ = false;
    }
    runner& owner;
  };
  // [2.6 fields]
};

// ---- Implementation --------------------------------------------

inline runner::runner(nanoseconds limit, runner_options options)
    : limit_(limit), options_(std::move(options)) {
  // [2.1 constructor]
  //@ // TODO(2.1): which arguments make no sense?
  //@ todo("2.1");
  if (limit < nanoseconds::zero() ||
      options_.grace < nanoseconds::zero()) {
    throw std::invalid_argument("runner: a negative duration");
  }
  // [2.1 constructor]
}

inline void runner::add(runner_task task) {
  std::scoped_lock lock(mutex_);
  // [2.6 add]
  //@ // TODO(2.6): when must nothing be added?
  //@ if (progress_.running) {
  //@   todo("2.6");
  //@ }
  if (in_run_) {
    throw std::logic_error("runner: add during a run");
  }
  // [2.6 add]
  // [2.1 add]
  //@ // TODO(2.1): keep the task, unless it is empty.
  //@ todo("2.1", task);
  if (!task) {
    throw std::invalid_argument("runner: an empty task");
  }
  tasks_.push_back(std::move(task));
  // [2.1 add]
}

inline run_report runner::run(
    [[maybe_unused]] std::stop_token interrupt) {
  // [2.6 claim]
  //@ // TODO(2.6): one run at a time, and each starts afresh.
  //@ {
  //@   std::scoped_lock lock(mutex_);
  //@   if (progress_.running || progress_.decided) {
  //@     todo("2.6");  // a run is in progress, or there was one
  //@   }
  //@ }
  const claim claimed(*this);
  // [2.6 claim]
  // [2.1 nothing to do]
  //@ // TODO(2.1): what is there to wait for without tasks?
  if (tasks_.empty()) {
    return run_report();
  }
  // [2.1 nothing to do]
  // [2.2 arm]
  //@ // TODO(2.2): from when does the limit count, and until when?
  //@ if (limit_ != no_limit) {
  //@   todo("2.2");
  //@ }
  {
    std::scoped_lock lock(mutex_);
    progress_.start = clock::now();
    progress_.deadline = deadline_after(progress_.start, limit_);
  }
  // [2.2 arm]
  // [2.3 listen]
  //@ // TODO(2.3): an interrupt is a cause from here on.
  //@ if (interrupt.stop_possible()) {
  //@   todo("2.3");
  //@ }
  const std::stop_callback listener(std::move(interrupt), [this] {
    std::scoped_lock lock(mutex_);
    decide(outcome::interrupted, clock::now());
  });
  // [2.3 listen]
  // [2.1 thread]
  //@ // TODO(2.1): call work() on a thread of the run's own,
  //@ // watch() and then report_overdue() on this one, and leave nothing
  //@ // running.
  //@ todo("2.1");
  std::jthread worker([this] { work(); });
  watch();
  report_overdue();
  worker.join();
  // [2.1 thread]
  std::scoped_lock lock(mutex_);
  return std::move(progress_.report);
}

// What the run's own thread does.
inline void runner::work() {
  // [2.1 work]
  //@ // TODO(2.1): one task after another: start(id), call(id),
  //@ // end(id, …).
  //@ todo("2.1");
  for (int id = 0; start(id); ++id) {
    end(id, call(id));
  }
  // [2.1 work]
}

// Whether task `id` may run; from then on it does.
inline bool runner::start(int id) {
  std::scoped_lock lock(mutex_);
  // [2.2 start]
  //@ // TODO(2.2): after what does no task start?
  const auto at = clock::now();
  if (at >= progress_.deadline) {
    decide(outcome::timed_out, at);
  }
  if (progress_.decided) {
    return false;
  }
  // [2.2 start]
  if (id == static_cast<int>(tasks_.size())) {
    return false;
  }
  progress_.running = id;
  return true;
}

// Calls task `id`; what it threw, or null.
inline std::exception_ptr runner::call(int id) {
  const runner_task& task = tasks_[static_cast<std::size_t>(id)];
  // [2.4 call]
  //@ // TODO(2.4): no exception may leave the run's thread.
  //@ try {
  //@   task(progress_.stop.get_token(), id);
  //@ } catch (...) {
  //@   todo("2.4");
  //@ }
  try {
    task(progress_.stop.get_token(), id);
  } catch (...) {
    return std::current_exception();
  }
  // [2.4 call]
  return nullptr;
}

// Takes note that task `id` has ended, by `error` if that is not null.
inline void runner::end(int id,
                        [[maybe_unused]] std::exception_ptr error) {
  std::scoped_lock lock(mutex_);
  const auto at = clock::now();  // the stamp: (I3) is about it
  progress_.running.reset();
  // [2.4 stamp]
  //@ // TODO(2.4): report when it ended; is its error a cause?
  progress_.report.ended.push_back({id, at - progress_.start});
  if (error != nullptr) {
    note(std::move(error));
    decide(outcome::failed, at);
  }
  // [2.4 stamp]
  // [2.1 last]
  //@ // TODO(2.1): with which task is the run completed?
  //@ todo("2.1", id, at);
  if (id + 1 == static_cast<int>(tasks_.size())) {
    decide(outcome::completed, at);
  }
  // [2.1 last]
  // [2.4 stopped]
  //@ // TODO(2.4): did this task run when the cause came? There are
  //@ // two places that can notice a deadline first: watch, and here.
  if (at >= progress_.deadline) {
    decide(outcome::timed_out, at);
  }
  const outcome how = progress_.report.how;
  const bool stopped =
      how == outcome::timed_out || how == outcome::interrupted;
  if (progress_.decided && stopped) {
    progress_.report.stopped = {id, at - progress_.decided_at};
  }
  // [2.4 stopped]
  changed_.notify_all();
}

// Takes note of a cause that came `at` this time, unless an earlier
// one is known: (I2), (I3). The caller holds mutex_.
inline void runner::decide(outcome how,
                           [[maybe_unused]] clock::time_point at) {
  // [2.2 decide]
  //@ // TODO(2.2): which cause wins? What if the deadline had passed
  //@ // already, and nobody had noticed?
  //@ progress_.report.how = how;  // enough until step 2.2
  //@ progress_.decided = true;
  if (progress_.decided) {
    return;
  }
  const bool due = at >= progress_.deadline;
  progress_.report.how = due ? outcome::timed_out : how;
  progress_.decided_at = due ? progress_.deadline : at;
  progress_.decided = true;
  // [2.2 decide]
  changed_.notify_all();
}

// What the thread that called run does: waits for a cause, and asks
// the running task to stop.
inline void runner::watch() {
  // [2.2 watch]
  //@ // TODO(2.2): wait until the run is decided or the deadline is
  //@ // there, which decides it. Then stop the task that runs.
  std::unique_lock lock(mutex_);
  const auto deadline = progress_.deadline;
  while (!progress_.decided && clock::now() < deadline) {
    changed_.wait_until(lock, deadline);
  }
  decide(outcome::timed_out, deadline);
  if (progress_.running) {
    lock.unlock();  // a stop calls the task's callbacks: (I6)
    progress_.stop.request_stop();
  }
  // [2.2 watch]
}

// Until no task runs: reports the one that does not heed its stop.
inline void runner::report_overdue() {
  // [2.4 report_overdue]
  //@ // TODO(2.4): call options_.on_overdue after each further
  //@ // options_.grace, while the stopped task still runs.
  //@ if (options_.grace > nanoseconds::zero()) {
  //@   todo("2.4");
  //@ }
  const nanoseconds grace = options_.grace;
  if (!options_.on_overdue || grace == nanoseconds::zero()) {
    return;
  }
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return !progress_.running; };
  for (nanoseconds late = grace;; late += grace) {
    const auto next = deadline_after(progress_.decided_at, late);
    if (changed_.wait_until(lock, next, ended)) {
      return;
    }
    const int id = *progress_.running;
    lock.unlock();
    std::exception_ptr error;
    try {
      options_.on_overdue(id, late);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    note(std::move(error));
  }
  // [2.4 report_overdue]
}

// Reports `error`, if any. The caller holds mutex_.
inline void runner::note([[maybe_unused]] std::exception_ptr error) {
  // [2.4 note]
  //@ // TODO(2.4): the first one apart, all others in order.
  if (error == nullptr) {
    return;
  }
  run_report& report = progress_.report;
  if (report.error == nullptr) {
    report.error = std::move(error);
  } else {
    report.later_errors.push_back(std::move(error));
  }
  // [2.4 note]
}

}  // namespace workbook
