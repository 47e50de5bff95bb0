// A fixed number of threads that receive tasks by rendezvous: run
// returns when a worker has the task.
//
// Book: chapter 4, "Worker pool". Document: 001, its third part.
// Model: the document's pool, without its four faults.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) At most count_ tasks run, and none waits inside the pool: a
//        task belongs to its caller until a worker has it.
//   (I2) Each member of blocked_ is the id of one call of run, from
//        inside, that has not returned. The id is erased before the
//        task of that call begins.
//   (I3) While the pool is open, blocked_.size() < count_: the task
//        of at least one worker does not wait for another worker.
//   (I4) closed_ never becomes false again, and work_ is closed if and
//        only if closed_ is true.
// And at all times:
//   (I5) No user code runs while mutex_ is held.
//   (I6) Everything that the workers use is constructed before the
//        first of them starts and destroyed after the last has ended.

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

/// The result of an attempt to hand over a task. If several apply, the
/// first in this order is returned.
enum class run_status {
  ok,              ///< a worker has the task
  closed,          ///< the pool was shut down
  would_deadlock,  ///< no worker could ever take it
  cancelled,       ///< a stop was requested
  timed_out,       ///< no worker took it in time
  would_block      ///< no worker was waiting
};

/// worker_pool runs tasks on a fixed number of threads. It has no
/// queue: a caller blocks until a worker takes its task. Neither an
/// idle worker nor a blocked caller polls. An exception of a task does
/// not end its worker. A worker destroys each task before it waits for
/// the next, without holding a lock.
///
/// Thread safety: any member may be called from any thread, also from
/// a task of this pool. The destructor requires that no other thread is
/// in a call. "Inside" means: on a worker of this pool, in a task, in
/// the destructor of a task, or in the error handler. Document: 001.
class worker_pool {
 public:
  using task = worker_task;

  /// Called with the exception of a task, on the worker that ran it,
  /// without a lock. Several workers may call it at the same time. If
  /// it throws, std::terminate is called.
  using error_handler = std::function<void(std::exception_ptr)>;

  /// Starts `workers` threads. Throws std::invalid_argument if
  /// `workers` is 0, and std::system_error or std::bad_alloc if a
  /// thread cannot start; the threads started before it have ended
  /// then. O(workers).
  explicit worker_pool(std::size_t workers,
                       error_handler on_error = nullptr);

  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// Shuts down the pool. If a task's exception was neither handled
  /// nor thrown by shutdown(), it calls std::terminate. Must not be
  /// called inside (asserted).
  ~worker_pool();

  /// Hands `job` to a worker. Returns ok once a worker has it; `job`
  /// is empty then. With any other status, `job` is unchanged and still
  /// belongs to the caller. `job` must hold a callable (asserted). This
  /// paragraph applies to the next three functions as well.
  ///
  /// Blocks while all workers are busy and the pool is open. Returns
  /// would_deadlock if and only if the pool is open, the call comes
  /// from inside, and the task of every other worker is blocked in
  /// run(task&&) of this pool; those calls keep waiting. Throws
  /// std::bad_alloc if allocation fails; nothing has changed then. O(1)
  /// from outside, O(log workers) from inside.
  [[nodiscard]] run_status run(task&& job);

  /// Like run(job), but returns cancelled once `stop` is requested.
  /// Such a call never returns would_deadlock and does not count as
  /// blocked, because it can be cancelled.
  [[nodiscard]] run_status run(task&& job, std::stop_token stop);

  /// Like run(job), but returns timed_out after `limit`. A limit beyond
  /// the range of steady_clock means no limit. Such a call never
  /// returns would_deadlock and does not count as blocked.
  [[nodiscard]] run_status run_for(task&& job,
                                   std::chrono::nanoseconds limit);

  /// Like run(job), but returns would_block instead of blocking if no
  /// worker is waiting for a task. It never returns would_deadlock.
  [[nodiscard]] run_status try_run(task&& job);

  /// Closes the pool: blocked and later calls of run return closed.
  /// Blocks until all running tasks have ended and all workers are
  /// joined. Every call blocks until then, and may be repeated. Without
  /// a handler, the first call then throws the first exception of a
  /// task; later calls do not throw. Called inside, it throws
  /// std::system_error with resource_deadlock_would_occur and changes
  /// nothing.
  void shutdown();

 private:
  // Identifies one call of run, and is never reused: erasing an id
  // late or twice does no harm.
  using call_id = std::uint64_t;
  static constexpr call_id no_call = 0;

  // What goes through the channel.
  struct hand_off {
    task job;
    call_id sender = no_call;
  };

  template <typename Send>
  run_status hand_over(task& job, call_id sender, Send send);
  void unblock(call_id sender);
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
  //@ // TODO(4.4): the first exception that was not handled.
  std::exception_ptr first_error_;
  // [4.4 fields]
  // [4.5 fields]
  //@ // TODO(4.5): which calls of run, from inside, are blocked?
  std::set<call_id> blocked_;  // see (I2)
  call_id last_call_ = no_call;
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

// Destructors are noexcept: if shutdown throws here, std::terminate is
// called.
inline worker_pool::~worker_pool() {
  assert(!inside() && "worker_pool: destroyed by its own task");
  // [4.2 destructor]
  //@ // Enough until step 4.2: no other thread is in a call.
  //@ work_.close();
  //@ for (std::thread& worker : workers_) {
  //@   worker.join();
  //@ }
  shutdown();
  // [4.2 destructor]
}

inline run_status worker_pool::run(task&& job) {
  call_id own = no_call;
  // [4.5 block]
  //@ // TODO(4.5): which call must not begin to wait? Which worker
  //@ // cannot take another task from here on?
  if (inside()) {
    std::scoped_lock lock(mutex_);
    if (closed_) {
      return run_status::closed;
    }
    if (blocked_.size() + 1 == count_) {
      return run_status::would_deadlock;  // would break (I3)
    }
    own = ++last_call_;
    blocked_.insert(own);
  }
  // [4.5 block]
  const run_status status =
      hand_over(job, own, [this](hand_off&& given) {
        return work_.send(std::move(given));
      });
  // [4.5 unblock]
  //@ // TODO(4.5): this call is no longer blocked.
  unblock(own);
  // [4.5 unblock]
  return status;
}

inline run_status worker_pool::run(task&& job, std::stop_token stop) {
  // [4.3 run with a token]
  //@ return todo<run_status>("4.3", job, stop);
  return hand_over(job, no_call, [&](hand_off&& given) {
    return work_.send(std::move(given), stop);
  });
  // [4.3 run with a token]
}

inline run_status worker_pool::run_for(task&& job,
                                       std::chrono::nanoseconds limit) {
  // [4.3 run_for]
  //@ return todo<run_status>("4.3", job, limit);
  return hand_over(job, no_call, [&](hand_off&& given) {
    return work_.send_for(std::move(given), limit);
  });
  // [4.3 run_for]
}

inline run_status worker_pool::try_run(task&& job) {
  // [4.3 try_run]
  //@ return todo<run_status>("4.3", job);
  return hand_over(job, no_call, [this](hand_off&& given) {
    return work_.try_send(std::move(given));
  });
  // [4.3 try_run]
}

// Hands over `job` with `send`, which calls one of work_'s send
// functions with a hand_off and returns its channel_status.
template <typename Send>
run_status worker_pool::hand_over(task& job, call_id sender,
                                  Send send) {
  assert(job && "worker_pool: there is nothing to run");
  // [4.1 hand over]
  //@ // TODO(4.1): put job and sender into a hand_off, and send it.
  //@ const channel_status status =
  //@     todo<channel_status>("4.1", job, sender, send);
  hand_off given{std::move(job), sender};
  channel_status status = channel_status::closed;
  try {
    status = send(std::move(given));
  } catch (...) {  // allocation failed: nothing was sent
    job = std::move(given.job);
    unblock(sender);
    throw;
  }
  // [4.1 hand over]
  // [4.3 refused]
  //@ // TODO(4.3): who owns a task that no worker has taken, and
  //@ // which status does the caller get?
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

// The call with this id is no longer blocked. Called when the call
// returns, and by the worker before the task begins; in either order.
inline void worker_pool::unblock([[maybe_unused]] call_id sender) {
  // [4.5 erase]
  //@ // TODO(4.5): the call with this id is no longer blocked.
  if (sender != no_call) {
    std::scoped_lock lock(mutex_);
    blocked_.erase(sender);
  }
  // [4.5 erase]
}

// The main function of a worker.
inline void worker_pool::work() {
  works_for_ = this;
  // [4.1 work]
  //@ // TODO(4.1): until work_ is closed: receive a hand_off, call
  //@ // unblock(its sender), then perform(its job).
  //@ todo("4.1");
  while (std::optional<hand_off> taken = work_.receive()) {
    unblock(taken->sender);  // before the task begins: (I2)
    perform(taken->job);
  }
  // [4.1 work]
}

// Runs `job`. Its exceptions do not end the worker.
inline void worker_pool::perform(task& job) noexcept {
  // [4.4 perform]
  //@ // TODO(4.4): what becomes of the task's exception?
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
  //@ // TODO(4.5): which call would wait for itself?
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
  //@ // TODO(4.4): which exception was not reported so far?
  // No worker is left: joining_ guards the exception now.
  if (auto error = std::exchange(first_error_, nullptr)) {
    std::rethrow_exception(error);
  }
  // [4.4 rethrow]
}

// Whether the calling thread is a worker of this pool.
inline bool worker_pool::inside() const {
  return works_for_ == this;
}

// Throws if shutdown would join the calling thread.
inline void worker_pool::refuse_inside() const {
  if (inside()) {
    throw std::system_error(
        std::make_error_code(std::errc::resource_deadlock_would_occur),
        "worker_pool::shutdown");
  }
}

}  // namespace workbook
