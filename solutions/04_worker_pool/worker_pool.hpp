// A fixed number of threads that take tasks face to face: who hands
// one over goes on only when a worker has it.
//
// Book: chapter 4, "Worker pool". Document: 001, its third part.
// Model: the document's, less its four faults.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) At most count_ tasks run, and none waits inside the pool: a
//        task is its caller's until a worker has it.
//   (I2) Each member of blocked_ is the mark of one call of run, from
//        inside, that has not returned. When the task begins that it
//        hands over, it is gone.
//   (I3) While the pool is open, blocked_.size() < count_: the task
//        of some worker does not wait for another worker.
//   (I4) closed_ never goes back to false, and work_ is closed if and
//        only if it is true; from then on no task begins that was
//        not handed over before.
// And at all times:
//   (I5) No code of the callers runs while mutex_ is held.
//   (I6) What the workers use is there before the first of them, and
//        goes after the last.

#pragma once

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "channel.hpp"
//@ #include "grading/todo.hpp"
#include "worker_task.hpp"

namespace workbook {

/// How an attempt to hand a task over ended. Where several hold at
/// once, the one that stands first here is told.
enum class run_status {
  ok,              ///< a worker has the task
  closed,          ///< the pool was shut down
  would_deadlock,  ///< no worker could ever come for it
  cancelled,       ///< a stop was requested
  timed_out,       ///< no worker came in time
  would_block      ///< no worker was waiting
};

/// worker_pool runs tasks on a fixed number of threads. It keeps no
/// queue: a task goes from the hand of its caller into that of a
/// worker, so that callers are held back as soon as all are busy. A
/// worker lives on, whatever comes out of its task. It destroys the
/// task, without any lock, before it waits for another.
///
/// Thread safety: any member may be called from any thread, also from
/// a task of this pool; only the destructor requires that no other
/// thread is in a call. "Inside" means: on the worker that runs a task
/// of this very pool, or the handler of its exception. Document: 001.
class worker_pool {
 public:
  using task = worker_task;

  /// Gets the exception of a task, on the worker that ran it, without
  /// any lock; several workers may call it at once. An exception that
  /// leaves it ends the program.
  using error_handler = std::function<void(std::exception_ptr)>;

  /// Starts `workers` threads. Throws std::invalid_argument if that is
  /// 0, and std::system_error or std::bad_alloc if one of them cannot
  /// be started; those that were started have then ended. O(workers).
  explicit worker_pool(std::size_t workers,
                       error_handler on_error = nullptr);

  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// Shuts the pool down, and never throws: an exception that nobody
  /// has fetched, because nobody called shutdown(), ends the program
  /// (std::terminate). Must not be destroyed inside (asserted).
  ~worker_pool();

  /// Hands `job` to a worker, and returns ok once the worker has it;
  /// `job` is empty then. On every other status nobody has touched
  /// `job`: it is still the caller's. It must hold a callable
  /// (asserted). All of this holds for the next three calls as well.
  ///
  /// Blocks while all workers are busy and the pool is open. Returns
  /// would_deadlock if and only if the pool is open, the call comes
  /// from inside, and the task of every other worker is blocked in
  /// this very call, run(task&&), of this pool; they keep waiting.
  /// Throws std::bad_alloc where memory is missing; nothing has
  /// changed. O(1) from outside, from inside O(log workers).
  [[nodiscard]] run_status run(task&& job);

  /// The same, but returns cancelled once `stop` is requested. It can
  /// be called off, so it neither returns would_deadlock nor counts
  /// as blocked for others.
  [[nodiscard]] run_status run(task&& job, std::stop_token stop);

  /// The same, but returns timed_out after `limit` on steady_clock; one
  /// that is too long for the clock is as long as the clock goes. It
  /// neither returns would_deadlock nor counts as blocked.
  [[nodiscard]] run_status run_for(task&& job,
                                   std::chrono::nanoseconds limit);

  /// The same, but never blocks: returns would_block if no worker is
  /// waiting for a task at this moment. It neither returns
  /// would_deadlock nor counts as blocked.
  [[nodiscard]] run_status try_run(task&& job);

  /// Closes the pool: callers who wait, and all who come later, learn
  /// `closed`. Blocks until the running tasks have ended, and joins
  /// all workers. Idempotent; every caller blocks until the workers
  /// are joined. Where no handler was given, the first call then
  /// throws the first exception that a task threw; no later call
  /// throws. Called inside, throws std::system_error,
  /// resource_deadlock_would_occur, and nothing has changed.
  void shutdown();

 private:
  // A mark stands for one call of run and is never used again, so
  // that to remove it late, or twice, does no harm.
  using mark = std::uint64_t;
  static constexpr mark unmarked = 0;

  // What goes through the channel.
  struct hand_off {
    task job;
    mark sender = unmarked;
  };

  template <typename Send>
  run_status hand_over(task& job, mark sender, Send send);
  void remove(mark sender);
  void work();
  void perform(task& job) noexcept;
  bool inside() const;
  void refuse_inside() const;

  const std::size_t count_;  // workers, from first to last
  const error_handler on_error_;
  channel<hand_off> work_{0};  // a rendezvous

  // mutex_ guards every field below it, as far as joining_. It is
  // taken before the channel's own.
  std::mutex mutex_;
  bool closed_ = false;
  // [4.4 fields]
  //@ // TODO(4.4): the first exception that nobody handled.
  std::exception_ptr first_error_;
  // [4.4 fields]
  // [4.5 fields]
  //@ // TODO(4.5): which calls of run, from inside, wait now?
  std::set<mark> blocked_;  // see (I2)
  mark last_mark_ = unmarked;
  // [4.5 fields]

  // joining_ guards workers_ once the constructor has returned; it is
  // taken before mutex_.
  std::mutex joining_;
  std::vector<std::thread> workers_;  // last: (I6)

  // The pool whose worker the calling thread is, or null.
  static inline thread_local const worker_pool* works_for_ = nullptr;
};

// ---- Implementation --------------------------------------------

inline worker_pool::worker_pool(std::size_t workers,
                                error_handler on_error)
    : count_(workers), on_error_(std::move(on_error)) {
  // [4.1 constructor]
  //@ // TODO(4.1): what can a pool without workers promise?
  //@ todo("4.1");
  if (workers == 0) {
    throw std::invalid_argument("worker_pool: 0 workers");
  }
  // [4.1 constructor]
  // [4.2 start]
  //@ // TODO(4.2): and if the third of five cannot be started?
  //@ while (workers_.size() < count_) {
  //@   workers_.emplace_back([this] { work(); });
  //@ }
  workers_.reserve(count_);
  try {
    while (workers_.size() < count_) {
      workers_.emplace_back([this] { work(); });
    }
  } catch (...) {
    shutdown();  // joins those that were started
    throw;
  }
  // [4.2 start]
}

// The destructor is noexcept, as every destructor is: what shutdown
// throws here ends the program as any exception that nobody catches.
inline worker_pool::~worker_pool() {
  assert(!inside() && "worker_pool: destroyed by its own task");
  // [4.2 destructor]
  //@ // Enough until step 4.2: nobody else is in a call by now.
  //@ work_.close();
  //@ for (std::thread& worker : workers_) {
  //@   worker.join();
  //@ }
  shutdown();
  // [4.2 destructor]
}

inline run_status worker_pool::run(task&& job) {
  mark own = unmarked;
  // [4.5 mark]
  //@ // TODO(4.5): who must not even begin to wait? And who, from
  //@ // here on, cannot come for the task of another?
  if (inside()) {
    std::scoped_lock lock(mutex_);
    if (closed_) {
      return run_status::closed;
    }
    if (blocked_.size() + 1 == count_) {
      return run_status::would_deadlock;  // would break (I3)
    }
    own = ++last_mark_;
    blocked_.insert(own);
  }
  // [4.5 mark]
  const run_status status =
      hand_over(job, own, [this](hand_off&& given) {
        return work_.send(std::move(given));
      });
  // [4.5 unmark]
  //@ // TODO(4.5): this call waits no longer.
  remove(own);
  // [4.5 unmark]
  return status;
}

inline run_status worker_pool::run(task&& job, std::stop_token stop) {
  // [4.3 run with a token]
  //@ return todo<run_status>("4.3", job, stop);
  return hand_over(job, unmarked, [&](hand_off&& given) {
    return work_.send(std::move(given), stop);
  });
  // [4.3 run with a token]
}

inline run_status worker_pool::run_for(task&& job,
                                       std::chrono::nanoseconds limit) {
  // [4.3 run_for]
  //@ return todo<run_status>("4.3", job, limit);
  return hand_over(job, unmarked, [&](hand_off&& given) {
    return work_.send_for(std::move(given), limit);
  });
  // [4.3 run_for]
}

inline run_status worker_pool::try_run(task&& job) {
  // [4.3 try_run]
  //@ return todo<run_status>("4.3", job);
  return hand_over(job, unmarked, [this](hand_off&& given) {
    return work_.try_send(std::move(given));
  });
  // [4.3 try_run]
}

// Hands `job` over by way of `send`, a call of work_'s send family
// that takes a hand_off&& and returns a channel_status.
template <typename Send>
run_status worker_pool::hand_over(task& job, mark sender, Send send) {
  assert(job && "worker_pool: there is nothing to run");
  // [4.1 hand over]
  //@ // TODO(4.1): put job and sender into a hand_off, and send it.
  //@ const channel_status status =
  //@     todo<channel_status>("4.1", job, sender, send);
  hand_off given{std::move(job), sender};
  channel_status status = channel_status::closed;
  try {
    status = send(std::move(given));
  } catch (...) {  // no memory: nothing was sent
    job = std::move(given.job);
    remove(sender);
    throw;
  }
  // [4.1 hand over]
  // [4.3 refused]
  //@ // TODO(4.3): whose is the task when nobody has taken it, and
  //@ // what does its caller learn?
  //@ if (status != channel_status::ok) {
  //@   todo("4.3");
  //@ }
  //@ return run_status::ok;
  if (status != channel_status::ok) {
    job = std::move(given.job);  // the channel has not touched it
  }
  switch (status) {
    case channel_status::closed:
      return run_status::closed;
    case channel_status::cancelled:
      return run_status::cancelled;
    case channel_status::timed_out:
      return run_status::timed_out;
    case channel_status::would_block:
      return run_status::would_block;
    default:
      return run_status::ok;
  }
  // [4.3 refused]
}

// Takes the call that `sender` stands for out of those that wait, if
// it is among them. Called by that call when it returns, and by the
// worker before it begins with the task; either may be first.
inline void worker_pool::remove([[maybe_unused]] mark sender) {
  // [4.5 remove]
  //@ // TODO(4.5): the call that set this mark waits no longer.
  if (sender != unmarked) {
    std::scoped_lock lock(mutex_);
    blocked_.erase(sender);
  }
  // [4.5 remove]
}

// What a worker does from its start to its end.
inline void worker_pool::work() {
  works_for_ = this;
  // [4.1 work]
  //@ // TODO(4.1): until work_ is closed: receive a hand_off, call
  //@ // remove(its sender), then perform(its job).
  //@ todo("4.1");
  while (std::optional<hand_off> taken = work_.receive()) {
    remove(taken->sender);  // before the task begins: (I2)
    perform(taken->job);
  }
  // [4.1 work]
}

// Runs `job`; the worker lives on, whatever comes out of it.
inline void worker_pool::perform(task& job) noexcept {
  // [4.4 perform]
  //@ // TODO(4.4): who learns of what the task throws?
  //@ job();
  try {
    job();
  } catch (...) {
    if (on_error_) {
      on_error_(std::current_exception());
      return;
    }
    std::scoped_lock lock(mutex_);
    if (first_error_ == nullptr) {
      first_error_ = std::current_exception();
    }
  }
  // [4.4 perform]
}

inline void worker_pool::shutdown() {
  // [4.5 inside]
  //@ // TODO(4.5): whose call would wait for itself?
  refuse_inside();
  // [4.5 inside]
  // [4.2 shutdown]
  //@ // TODO(4.2): close the pool, join the workers, once.
  //@ todo("4.2");
  {
    std::scoped_lock lock(mutex_);
    closed_ = true;
    work_.close();  // wakes callers and workers: (I4)
  }
  std::scoped_lock joining(joining_);
  for (std::thread& worker : workers_) {
    worker.join();
  }
  workers_.clear();
  // [4.2 shutdown]
  // [4.4 rethrow]
  //@ // TODO(4.4): what did nobody learn of so far?
  // No worker is left: joining_ guards the exception now.
  if (auto error = std::exchange(first_error_, nullptr)) {
    std::rethrow_exception(error);
  }
  // [4.4 rethrow]
}

// Whether the calling thread runs a task of this pool.
inline bool worker_pool::inside() const {
  return works_for_ == this;
}

// Throws where shutdown would join the thread that calls it.
inline void worker_pool::refuse_inside() const {
  if (inside()) {
    throw std::system_error(
        std::make_error_code(std::errc::resource_deadlock_would_occur),
        "worker_pool::shutdown");
  }
}

}  // namespace workbook
