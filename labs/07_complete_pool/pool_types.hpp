// What an elastic pool is given and what it reports.
//
// Book: chapter 7, "The complete pool". Given to the reader as it is.
// Document: 003. Model: panjf2000/ants and Java's ThreadPoolExecutor,
// for which options a pool in use turns out to need.

#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <list>
#include <string>

#include "worker_task.hpp"

namespace workbook {

/// A capacity, or a number of waiting submitters, without a limit.
inline constexpr std::size_t unbounded =
    std::numeric_limits<std::size_t>::max();

/// What an elastic_pool is made from.
struct pool_options {
  /// At most this many workers exist at once. At least 1.
  std::size_t capacity = unbounded;
  /// The scavenger leaves this many workers. At most `capacity`.
  std::size_t min_workers = 0;
  /// At most this many submitters wait at once.
  std::size_t max_blocking = unbounded;
  /// No submitter waits.
  bool nonblocking = false;
  /// A worker that was idle for this long is pruned. By default, never.
  std::chrono::nanoseconds idle_timeout =
      std::chrono::nanoseconds::max();
  /// Receives the exception of a task, on the worker that ran it, while
  /// no lock is held; several workers may call it at once. Without it,
  /// and if it throws, the exception of a task ends the program.
  std::function<void(std::exception_ptr)> on_exception = nullptr;
  /// Begins the message of every exception that the pool throws.
  std::string name = "elastic_pool";
};

/// How an attempt to submit a task ended.
enum class submit_result {
  accepted,    ///< the pool has the task
  closed,      ///< the pool is shut down, or was meanwhile
  overloaded,  ///< it would have to wait, and must not, or no longer
  cancelled    ///< a stop was requested
};

/// What shutdown does with accepted tasks that have not begun.
enum class shutdown_mode {
  drain,   ///< it waits until they have run
  discard  ///< it returns them
};

/// The numbers of a pool at one moment. Those of the first group are
/// now; the others count from the construction, through every reboot.
struct pool_stats {
  std::size_t capacity = 0;
  std::size_t workers = 0;     // that exist
  std::size_t idle = 0;        // of these, without a task
  std::size_t waiting = 0;     // submitters that wait for a worker
  std::size_t unfinished = 0;  // accepted, neither ended nor returned

  std::size_t submitted = 0;  // offered to the pool
  std::size_t accepted = 0;
  std::size_t completed = 0;   // returned normally
  std::size_t failed = 0;      // threw
  std::size_t returned = 0;    // by shutdown(discard)
  std::size_t rejected = 0;    // were not accepted
  std::size_t spawned = 0;     // workers started
  std::size_t pruned = 0;      // workers that the scavenger dismissed
  std::size_t high_water = 0;  // the largest `workers` so far
};

struct queue_ticket;

/// A task that is accepted and has no worker yet.
struct queued_task {
  worker_task job;
  queue_ticket* ticket;  // null, or that of the result it will give
};

/// What a pool knows of the result of a task: where the task is, for a
/// caller that waits, and how to say that it will not be run.
struct queue_ticket {
  bool queued = false;
  std::list<queued_task>::iterator place = {};  // while queued

  /// The pool has given the task back.
  virtual void discarded() noexcept = 0;

 protected:
  ~queue_ticket() = default;
};

}  // namespace workbook
