// A correct pool with one condition variable: every change notifies all
// threads that wait for anything, and each looks whether it was meant.
// It shows that no test depends on which thread a notify wakes.
// An elastic pool: workers are started when they are needed, kept
// while they are warm, and dismissed when they have been idle for long.
//
// Book: chapter 7, "The complete pool". Document: 003, without its ten
// faults. Model: panjf2000/ants, of which the document is a sketch; the
// hand-off of chapter 3's ledger; the lists of xv6's process table.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) alive() <= capacity_, unless resize() has lowered capacity_;
//        then alive() only falls until it fits again.
//   (I2) While the pool is open and a submitter waits, or a task is
//        queued, no worker is idle and alive() >= capacity_.
//   (I3) Each worker is in exactly one list: in idle_ it has no task,
//        in assigned_ one that has not begun, in running_ one that
//        has; a worker in leaving_ takes no task any more.
//   (I4) unfinished_ is the number of accepted tasks that have neither
//        ended nor been returned.
//   (I5) A pool that is not open accepts nothing, starts no worker,
//        and has no waiting submitter and no idle worker.
//   (I6) A closed pool has no worker, no task and no scavenger; an open
//        one has a scavenger if and only if there is an idle timeout.
// And at all times:
//   (I7) No user code runs, and no task is destroyed, while mutex_ is
//        held.
//   (I8) A worker's thread joins the one that left before it. So all
//        have ended once the last one is joined.

#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "pool_future.hpp"
#include "pool_types.hpp"
#include "thread_model.hpp"
#include "worker_task.hpp"

namespace workbook {

/// elastic_pool<Threads> runs tasks on up to `capacity` workers, which
/// are threads of the model `Threads`. A task goes to the worker that
/// became idle last; if none is idle, to a new worker; if there are
/// `capacity` workers, its submitter waits, and submitters that wait
/// are served in the order in which they came. A worker survives every
/// exception of a task. It destroys the task, while no lock is held,
/// before it takes another one.
///
/// "Inside" means: called by a task of this pool. Inside, submit never
/// waits and never returns overloaded: a task for which there is no
/// worker is queued, and goes to the next worker that is free, before
/// the tasks of waiting submitters.
///
/// Thread safety: any member may be called from any thread of the
/// model; only the destructor requires that no other call is in
/// progress. Every call takes one lock and is O(1), unless it says
/// otherwise. Document: 003.
template <thread_model Threads>
class elastic_pool {
 public:
  using task = worker_task;
  using clock = typename Threads::clock;
  using time_point = typename clock::time_point;

  /// How much of a batch was accepted.
  struct batch_result {
    submit_result status;  // accepted: all of it
    std::size_t accepted;  // so many, from the first on
  };

  /// Creates an open pool without workers. Throws
  /// std::invalid_argument if the capacity is 0, or less than
  /// min_workers; std::system_error if there is an idle timeout and
  /// the scavenger cannot be started.
  explicit elastic_pool(pool_options options = {});

  elastic_pool(const elastic_pool&) = delete;
  elastic_pool& operator=(const elastic_pool&) = delete;

  /// Shuts the pool down as shutdown(drain) does. Must not be called
  /// inside (asserted).
  ~elastic_pool();

  /// Offers `job` to the pool. On accepted, the pool has it and `job`
  /// is empty; on anything else `job` is untouched. It must hold a
  /// callable (asserted). Blocks while there are `capacity` workers
  /// and all have a task. Returns closed if the pool is not open, or
  /// is shut down meanwhile; overloaded if it would have to wait and
  /// the pool is nonblocking, or `max_blocking` submitters wait
  /// already. Throws std::system_error or std::bad_alloc if a worker
  /// is needed and cannot be started; `job` is then untouched and the
  /// task counts as rejected. All of this holds for the forms below.
  [[nodiscard]] submit_result submit(task&& job);

  /// As submit(job), and returns cancelled once `stop` is requested
  /// and the task is not accepted; also if it was requested before.
  /// closed is reported first.
  [[nodiscard]] submit_result submit(task&& job, std::stop_token stop);

  /// As submit(job, stop), and returns overloaded once `deadline` has
  /// passed and the task is not accepted. A task for which there is a
  /// worker is accepted, however late it is.
  [[nodiscard]] submit_result submit_until(task&& job,
                                           time_point deadline,
                                           std::stop_token stop = {});

  /// Submits the tasks in order, until one is not accepted or all are;
  /// reports how that one ended. Those after it are untouched. Takes
  /// the lock once for all tasks that need not wait. O(tasks).
  batch_result submit_batch(std::span<task> jobs);

  /// Submits a task that calls `function` once, and returns what will
  /// give its value or its exception, which does not count as failed.
  template <typename F>
  [[nodiscard]] auto async(F function)
      -> pool_future<std::invoke_result_t<F&>, Threads>;

  /// Sets the capacity; returns at once. Upwards, starts a worker for
  /// each task that was waiting and has room now. Downwards, dismisses
  /// idle workers, longest idle first; a busy one leaves after its
  /// task. No more leave than are too many. Throws
  /// std::invalid_argument if `capacity` is 0. O(change).
  void resize(std::size_t capacity);

  /// From now on workers begin no task; tasks that run go on. Tasks
  /// are accepted as before, as long as a worker can hold them. No
  /// effect unless the pool is open. Idempotent.
  void pause();

  /// Lets workers begin tasks again. Idempotent. O(workers).
  void resume();

  /// Closes the pool: submitters that wait return closed, a pause
  /// ends, idle workers leave. With discard, returns the accepted
  /// tasks that have not begun, oldest first, as far as no other
  /// shutdown has; with drain, nothing. A future of a returned task is
  /// broken at once, and the task then does nothing when it is called. Blocks until every other task
  /// has run, and all workers and the scavenger are joined. Idempotent;
  /// every caller blocks that long. Called inside, throws
  /// std::system_error, resource_deadlock_would_occur. O(workers).
  std::vector<task> shutdown(shutdown_mode mode);

  /// Opens a closed pool again, with the capacity it had last; returns
  /// true. Returns false if it is open. If it is being shut down,
  /// blocks until that is done. Nothing of an earlier generation runs
  /// in the new one. Throws std::system_error if the scavenger cannot
  /// be started, and inside as shutdown does; the pool stays closed.
  bool reboot();

  /// Blocks until no accepted task is unfinished, and returns true; or
  /// until `deadline` has passed, and returns whether that is so.
  /// Called inside, throws as shutdown does.
  bool wait_idle_until(time_point deadline);

  /// The numbers at this moment.
  [[nodiscard]] pool_stats stats() const;

 private:
  template <typename T, thread_model Model>
  friend class pool_future;

  struct worker {
    typename Threads::thread thread;
    task job;                        // empty in idle_ and in leaving_
    queue_ticket* ticket = nullptr;  // of the job, if it has one
    bool dismissed = false;          // if and only if it is in leaving_
    time_point idle_since = {};
  };
  using crew = std::list<worker>;
  using place = typename crew::iterator;

  // One that submits; lives on the stack of its call.
  struct submitter {
    task& job;
    queue_ticket* ticket = nullptr;
    std::optional<time_point> deadline = {};
    bool cancelled = false;
    std::optional<submit_result> answer = {};
    std::exception_ptr error = nullptr;
  };

  enum class life { open, closing, closed };
  using lock_type = std::unique_lock<typename Threads::mutex>;

  // Submitting.
  submit_result submit_cancellable(submitter& me, std::stop_token stop);
  submit_result admit(lock_type& lock, submitter& me);
  submit_result wait_for_worker(lock_type& lock, submitter& me);
  void answer(submitter& waiting, submit_result with);
  void cancel(submitter& me);
  submit_result reject(submit_result why);

  // Workers.
  std::size_t alive() const;
  bool has_room() const;
  bool surplus() const;
  bool may_go(const worker& self) const;
  void assign(task& job, queue_ticket* ticket);
  void start_worker(task& job, queue_ticket* ticket);
  void serve();
  void work(place self);
  bool next_task(place self);
  void rest(place self);
  void dismiss(crew& from, place self);
  void leave(lock_type& lock, place self);
  void run(lock_type& lock, task job);
  bool perform(task& job) noexcept;
  void help(queue_ticket& ticket);
  task take_queued(std::list<queued_task>::iterator which);
  void start_scavenger();
  time_point expiry(const worker& cold) const;
  void scavenge();

  // Life cycle.
  void close();
  void take_back(std::vector<task>& unrun);
  void end_generation(lock_type& lock);
  bool inside() const { return Threads::local() == this; }
  void refuse_inside(const char* call) const;

  const pool_options options_;

  // mutex_ guards every field below it.
  mutable typename Threads::mutex mutex_;
  std::size_t capacity_;
  crew idle_;      // longest idle first
  crew assigned_;  // accepted first, first
  crew running_;
  crew leaving_;
  std::list<queued_task> queue_;   // accepted first, first
  std::list<submitter*> waiting_;  // came first, first
  std::size_t unfinished_ = 0;     // see (I4)
  life life_ = life::open;
  std::size_t generation_ = 0;
  bool paused_ = false;
  pool_stats counts_;  // the second group; the first is computed
  // Whatever a thread waits for; it looks for itself.
  typename Threads::condition_variable changed_;
  bool scavenger_rests_ = false;  // it waits without a deadline
  typename Threads::thread last_to_leave_;  // see (I8)
  typename Threads::thread scavenger_;
};

}  // namespace workbook

// The bodies.
#include "pool_life_cycle.hpp"
#include "pool_scavenger.hpp"
#include "pool_submitting.hpp"
#include "pool_workers.hpp"
