// What a resource pool is told, and what it tells.
//
// Book: chapter 3, "Resource pool". Given to the reader as it
// stands. Document: 001, the second pattern.
// Model: database/sql of Go (SetMaxOpenConns, SetConnMaxLifetime) and
// HikariCP, for which options a pool in use turns out to need.

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

/// What a resource_pool<T> is told when it is made.
template <typename T>
struct resource_pool_options {
  using duration = std::chrono::steady_clock::duration;

  /// At most so many are alive at once. At least 1.
  std::size_t capacity = 1;
  /// Makes a resource, on the thread of the caller of acquire. Must be
  /// there; may throw; must not return null.
  std::function<std::unique_ptr<T>()> factory = nullptr;
  /// Whether a resource that came back is still good; asked before it
  /// is lent again, also to one who waits. Without it every one is.
  std::function<bool(T&)> validate = nullptr;
  /// A resource idle for so long, counted from its last return, may be
  /// pruned.
  duration max_idle_time = duration::max();
  /// A resource so old, counted from the return of the factory, is not
  /// lent again.
  duration max_lifetime = duration::max();
  /// prune() leaves so many idle, however long they have idled.
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
  std::size_t waiting = 0;  // callers in the line
  std::size_t created = 0;  // by the factory, since the beginning
};

/// How long a caller is ready to wait: for ever, unless told.
struct patience {
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

/// Where resources stand: one, several or none. They go from shelf to
/// shelf by splice, which allocates nothing and cannot fail.
template <typename T>
using shelf = std::list<pooled<T>>;

}  // namespace workbook
