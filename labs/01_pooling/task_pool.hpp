// A bounded pool of reusable threads that returns results.
//
// Book: chapter 1, "Pooling". Document: 000, a pool of goroutines.
// Model: the document's pool without its six faults; std::async for
// what is stored and what is returned.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) in_flight_ <= max_workers_.
//   (I2) in_flight_ <= workers_.size(): each task has its worker.
//   (I3) in_flight_ counts a task from its acceptance. First its
//        result becomes ready, then its callable and arguments are
//        destroyed, and only then is it counted out.
//   (I4) Once closed_ is true it stays true, no task is accepted, and
//        no worker is started.
//   (I5) While in_flight_ == max_workers_, blocked_inside_ is less:
//        some task in flight can still end on its own.
// And at all times:
//   (I6) No user code runs while mutex_ is held.

#pragma once

#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <future>
#include <list>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "grading/todo.hpp"
#include "task.hpp"

namespace workbook {

/// Thrown by task_pool::submit once shutdown() was called.
class pool_closed : public std::runtime_error {
 public:
  pool_closed() : std::runtime_error("task_pool: the pool is closed") {}
};

/// task_pool runs tasks on at most `max_workers` threads. It starts a
/// worker when one is needed and uses it again: an idle worker waits,
/// it neither polls nor ends. A task is in flight from its acceptance
/// by submit until its result is ready and its callable and arguments
/// are destroyed. A task sees what its submitter wrote before submit.
///
/// Any member may be called from any thread, also from a task of this
/// pool where that is not excluded below. The destructor requires that
/// no other thread is in a call. "Inside" means: on the worker that
/// runs a task of this pool, until the callable and the arguments are
/// destroyed. A task that waits for a future or for another pool is
/// not seen as waiting: such a circle blocks forever. Document: 000.
class task_pool {
 public:
  /// Creates an open pool without any thread. Throws
  /// std::invalid_argument if `max_workers` is 0. O(1).
  explicit task_pool(std::size_t max_workers);

  task_pool(const task_pool&) = delete;
  task_pool& operator=(const task_pool&) = delete;

  /// Calls shutdown(), so that every task that was accepted runs. Must
  /// not be called inside (asserted).
  ~task_pool();

  /// Runs f(args…) on a worker. The future gets its value or its
  /// exception, and the worker lives on. `f` and `args` are moved or
  /// copied first and passed as rvalues, as std::async does. They are
  /// destroyed before the task is counted out; get() may return
  /// earlier than that.
  ///
  /// Blocks while max_workers tasks are in flight, without polling. A
  /// worker is started if and only if the tasks in flight, this one
  /// included, exceed the workers. Throws, and has then changed
  /// nothing:
  ///   - pool_closed: shutdown() was called, before or meanwhile.
  ///   - std::system_error, resource_deadlock_would_occur: called
  ///     inside while the pool is open and full and every other task
  ///     in flight waits here for room. Earlier ones keep waiting.
  ///   - std::system_error: the system has no thread left.
  ///   - what storing `f` or `args` throws, and std::bad_alloc.
  ///
  /// O(1), one lock, four allocations with libstdc++.
  template <typename F, typename... Args>
  auto submit(F&& f, Args&&... args) -> std::future<
      std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>;

  /// Blocks until no task is in flight, without polling. The result of
  /// every task accepted before is then ready, and what these tasks
  /// wrote is visible. Any number of threads may wait. Called inside,
  /// throws std::system_error, resource_deadlock_would_occur.
  void wait_idle();

  /// Closes the pool, blocks until the tasks in flight have finished,
  /// and joins all workers. Every caller blocks until the workers are
  /// joined, and then sees what the tasks wrote. A second call has no
  /// other effect. Called inside, throws std::system_error,
  /// resource_deadlock_would_occur. O(workers).
  void shutdown();

  /// How many threads were started and not yet joined; a snapshot.
  std::size_t workers() const;

  /// How many tasks are in flight; a snapshot.
  std::size_t running() const;

 private:
  void accept(task job);
  void count_in(std::unique_lock<std::mutex>& lock);
  void count_out();
  void start_worker();
  void work();
  bool inside() const;
  void refuse_inside(const char* call) const;

  const std::size_t max_workers_;

  // mutex_ guards every field of this block.
  mutable std::mutex mutex_;
  std::condition_variable has_task_;  // tasks_ not empty, or closed_
  std::list<task> tasks_;             // in flight, not yet taken
  std::vector<std::thread> workers_;
  bool closed_ = false;
  // TODO(1.3): the number of tasks in flight; a condition for
  // callers that wait until there is room for one more.
  // TODO(1.5): a condition for callers of wait_idle().
  // TODO(1.6): how many tasks wait for room, in submit; which
  // of several callers may join the workers.

  // The pool for which the calling thread is a worker, or null.
  static inline thread_local const task_pool* works_for_ = nullptr;
};

// ---- Implementation --------------------------------------------

inline task_pool::task_pool(std::size_t max_workers)
    : max_workers_(max_workers) {
  // TODO(1.1): what can a pool without workers do?
  todo("1.1");
}

inline task_pool::~task_pool() {
  assert(!inside() && "task_pool: destroyed by its own task");
  // Enough until step 1.6: no other call is in progress.
  {
    std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  has_task_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
}

template <typename F, typename... Args>
auto task_pool::submit(F&& f, Args&&... args) -> std::future<
    std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>> {
  using result =
      std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
  auto call = [f = std::forward<F>(f),
               args = std::tuple<std::decay_t<Args>...>(
                   std::forward<Args>(args)...)]() mutable -> result {
    return std::apply(std::move(f), std::move(args));
  };
  // TODO(1.2): pass value or exception to the caller. Until
  // then the task runs, but its future never learns of it.
  auto job = [call = std::move(call)]() mutable { (void)call(); };
  accept(task(std::move(job)));
  return std::async(std::launch::deferred,
                    []() -> result { return todo<result>("1.2"); });
}

// Passes `job` to a worker. Everything that can fail comes before the
// first change. A job that is refused is destroyed without the lock:
// (I6).
inline void task_pool::accept(task job) {
  // TODO(1.1): put the job where a worker finds it; wake one.
  // Before that, under the same lock, call count_in(lock).
  todo("1.1", job);
}

// Waits for room, starts a worker if one is needed, and counts one more
// task. Throws only while nothing has changed. Keeps (I1), (I2), (I5).
inline void task_pool::count_in(
    [[maybe_unused]] std::unique_lock<std::mutex>& lock) {
  // TODO(1.6): which call must not even begin to wait?
  // TODO(1.3): wait, under this lock, until there is room.
  // TODO(1.6): which call is refused after all?
  // TODO(1.4): start a worker only if there are too few.
  if (workers_.size() < max_workers_) {
    start_worker();
  }
  // TODO(1.3): from here on the task is in flight.
}

// Counts a task that has ended. The caller holds mutex_.
inline void task_pool::count_out() {
  // TODO(1.3): what has changed, and which caller waits for it?
  // TODO(1.5): which callers wait for the last task to end?
}

// The caller holds mutex_. If this throws, workers_ is as before.
inline void task_pool::start_worker() {
  workers_.emplace_back([this] { work(); });
}

// What a worker does from its start to its end.
inline void task_pool::work() {
  works_for_ = this;
  // TODO(1.1): until the pool is closed and no task is left:
  // wait for one, take it out of tasks_, run it without the
  // lock, call count_out() under the lock.
  todo("1.1");
}

inline void task_pool::wait_idle() {
  // TODO(1.6): which call would wait for itself?
  // TODO(1.5): wait until nothing is in flight.
  todo("1.5");
}

inline void task_pool::shutdown() {
  // TODO(1.6): close, wake all that wait, join the workers.
  todo("1.6");
}

inline std::size_t task_pool::workers() const {
  return todo<std::size_t>("1.4");
}

inline std::size_t task_pool::running() const {
  return todo<std::size_t>("1.3");
}

// Whether the calling thread runs a task of this pool.
inline bool task_pool::inside() const {
  return works_for_ == this;
}

// Throws, in the name of `call`, if it would wait for its own task.
inline void task_pool::refuse_inside(const char* call) const {
  if (inside()) {
    throw std::system_error(
        std::make_error_code(std::errc::resource_deadlock_would_occur),
        call);
  }
}

}  // namespace workbook
