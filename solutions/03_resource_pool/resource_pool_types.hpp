// The options, results and numbers of a resource pool.
//
// Book: chapter 3, "Resource pool". Given to the reader
// complete. Document: 001, the second pattern.
// Model: database/sql of Go (SetMaxOpenConns, SetConnMaxLifetime) and
// HikariCP, for the options that a pool in production needs.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>

namespace workbook {

/// Which of several idle resources is lent first: the one returned
/// last (warm, and the others grow old enough to prune), or the one
/// returned first (all are used evenly).
enum class idle_order { lifo, fifo };

/// How a resource_pool<T> behaves; fixed when it is created.
template <typename T>
struct resource_pool_options {
  using duration = std::chrono::steady_clock::duration;

  /// At most this many are alive at once. At least 1.
  std::size_t capacity = 1;
  /// Makes a resource, on the thread that calls acquire. Required; may
  /// throw; must not return null.
  std::function<std::unique_ptr<T>()> factory = nullptr;
  /// Whether a resource that came back is still good; asked before it
  /// is lent again, also to a waiter. Without it, all are good.
  std::function<bool(T&)> validate = nullptr;
  /// A resource that has been idle for this time, counted from its
  /// last return, may be pruned.
  duration max_idle_time = duration::max();
  /// A resource of this age, counted from the return of the factory,
  /// is not lent again.
  duration max_lifetime = duration::max();
  /// prune() leaves this many idle, however long they have been idle.
  std::size_t min_idle = 0;
  idle_order order = idle_order::lifo;
};

/// How an attempt to acquire a resource ended.
enum class acquire_status {
  acquired,   // there is a lease
  busy,       // try_acquire: it would have had to wait
  timed_out,  // the deadline passed while it waited
  cancelled,  // a stop was requested, before or while it waited
  closed,     // close() was called, before or meanwhile
};

/// The numbers of a pool at one moment.
struct resource_pool_stats {
  std::size_t capacity = 0;
  std::size_t alive = 0;    // idle, lent, being made or destroyed
  std::size_t idle = 0;     // can be lent at once
  std::size_t waiting = 0;  // callers in the queue
  std::size_t created = 0;  // by the factory, since the beginning
};

/// How long a caller is ready to wait: without limit by default.
struct wait_limit {
  bool wait = true;
  std::stop_token stop = {};
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

/// A resource, and the times by which it ages.
template <typename T>
struct pooled {
  using time_point = std::chrono::steady_clock::time_point;

  std::unique_ptr<T> object;
  time_point born = {};        // when the factory returned it
  time_point idle_since = {};  // when it came back last
};

/// A list of resources: one, several or none. They move from list to
/// list by splice, which allocates nothing and cannot fail.
template <typename T>
using node_list = std::list<pooled<T>>;

}  // namespace workbook
