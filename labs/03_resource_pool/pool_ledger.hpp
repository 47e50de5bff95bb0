// Which caller may have what: a resource pool's ledger, one lock.
//
// Book: chapter 3, "Resource pool". Document: 001, the second
// pattern, without its faults.
// Model: the hand-off of Go's runtime/sema.go (a slot is given to a
// waiter; it is never in the open for the fastest caller).
//
// The ledger never makes, checks or destroys a resource: it returns
// those that must go, and its caller destroys them when the lock is
// free. So no user code can run while mutex_ is held.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) kept_ + retired_ <= capacity_, unless resize() has lowered
//        capacity_; then the sum only falls until it fits again.
//   (I2) While a caller waits, nothing is idle and no slot is free.
//   (I3) Something is idle only in an open pool with kept_ <=
//        capacity_.
//   (I4) closed_ never goes back to false; a closed pool has no
//        waiter and nothing idle.
//   (I5) Each resource is in one list: the idle one, a lease's, or
//        that of a call which makes, checks or destroys it.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <iterator>
#include <list>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "grading/todo.hpp"
#include "resource_pool_types.hpp"

namespace workbook {

/// pool_ledger<T> decides which caller gets a resource or a slot in
/// which to make one, which caller waits, and what must be destroyed.
///
/// A slot is the right to have one resource alive. A caller that gets
/// a list of resources to destroy does so and then calls destroyed().
/// Every call takes the lock once and is O(1), unless its comment says
/// otherwise.
///
/// Thread safety: any member may be called from any thread.
template <typename T>
class pool_ledger {
 public:
  /// What take() returns. With `acquired` the caller owns a slot, with
  /// the resource in it or an empty list in which to make one.
  struct grant {
    acquire_status status;
    node_list<T> resource = {};
  };

  /// Throws std::invalid_argument if `capacity` is 0.
  pool_ledger(std::size_t capacity, idle_order order);

  /// Grants an idle resource, else a free slot. Callers are served in
  /// the order of their calls: while others wait, a new caller waits
  /// after them. Blocks while nothing is available, as long as `how`
  /// allows. A grant is not withdrawn, even if the deadline or a stop
  /// comes at the same moment. Else reports the first that is true of
  /// closed, cancelled, busy, timed_out. O(waiting) for a caller that
  /// leaves the queue.
  grant take(const wait_limit& how);

  /// Takes back a resource. Returns it if it must be destroyed.
  node_list<T> put_back(node_list<T> resource);

  /// Notes that a resource that was lent is about to be destroyed.
  void retire();

  /// Frees the slots of `count` retired resources, now destroyed.
  void destroyed(std::size_t count);

  /// Frees a slot whose resource was never made, or was detached.
  void release_slot();

  /// Whether close() has not been called yet.
  bool is_open() const;

  /// Refuses every caller from now on, and reports closed to all that
  /// wait. Returns what was idle. Idempotent. O(waiting + idle).
  node_list<T> close();

  /// Sets the capacity. Upwards, serves callers that wait; downwards,
  /// returns idle ones that are too many, longest idle first. Throws
  /// std::invalid_argument if `capacity` is 0. O(change).
  node_list<T> resize(std::size_t capacity);

  /// Returns the idle ones that were born at or before `born_by`, and
  /// of the others those idle since `idle_by` or longer, longest idle
  /// first, as long as more than `min_idle` stay. O(idle).
  node_list<T> prune(std::chrono::steady_clock::time_point born_by,
                     std::chrono::steady_clock::time_point idle_by,
                     std::size_t min_idle);

  /// The numbers at this moment, but for `created`.
  resource_pool_stats stats() const;

 private:
  /// A caller that waits; on the stack of its take().
  struct waiter {
    std::condition_variable_any woken;  // served is true
    bool served = false;                // got is what take() gives
    grant got = {acquire_status::closed};
  };

  bool available() const;
  grant hand_out();
  void serve();
  void serve(waiter& first, grant given);
  bool may_stay() const;
  void retire_idle(typename node_list<T>::iterator which,
                   node_list<T>& retired);

  const idle_order order_;

  // mutex_ guards every field below it.
  mutable std::mutex mutex_;
  std::size_t capacity_;
  node_list<T> idle_;           // longest idle first
  std::list<waiter*> waiters_;  // oldest first
  std::size_t kept_ = 0;        // slots with what is idle, lent or made
  std::size_t retired_ = 0;     // slots with what is being destroyed
  bool closed_ = false;
};

// ---- Implementation --------------------------------------------

template <typename T>
pool_ledger<T>::pool_ledger(std::size_t capacity, idle_order order)
    : order_(order), capacity_(capacity) {
  // TODO(3.1): what can a pool of 0 promise?
  todo("3.1");
}

template <typename T>
auto pool_ledger<T>::take(const wait_limit& how) -> grant {
  std::unique_lock lock(mutex_);
  // TODO(3.4): which callers come too late?
  // TODO(3.5): which callers want nothing any more?
  // TODO(3.2): which callers may be served at once? A caller
  // that would have to wait and must not gets busy.
  return how.wait ? hand_out() : todo<grant>("3.2");
  waiter me;
  waiters_.push_back(&me);
  // Enough until step 3.5, which adds limits.
  while (!me.served) {
    me.woken.wait(lock);
  }
  return std::move(me.got);
}

// Whether take() could give something. The caller holds mutex_.
template <typename T>
bool pool_ledger<T>::available() const {
  return todo<bool>("3.2");
}

// Gives an idle resource, or else a slot. The caller holds mutex_.
template <typename T>
auto pool_ledger<T>::hand_out() -> grant {
  grant given = {acquire_status::acquired};
  // TODO(3.1): move one from idle_ to given.resource, from the
  // end that order_ names; if there is none, count a new slot.
  todo("3.1");
  return given;
}

// Serves waiters while something is available: keeps (I2). The caller
// holds mutex_.
template <typename T>
void pool_ledger<T>::serve() {
  // TODO(3.2): as long as a caller waits and something is
  // available, give it to the first in the queue.
}

// Ends the wait of `first`, which has left the queue. Notifies under
// the lock: once it is free, `first` may be gone. The caller holds
// mutex_.
template <typename T>
void pool_ledger<T>::serve(waiter& first, grant given) {
  first.got = std::move(given);
  first.served = true;
  first.woken.notify_one();
}

template <typename T>
node_list<T> pool_ledger<T>::put_back(node_list<T> resource) {
  std::scoped_lock lock(mutex_);
  resource.front().idle_since = std::chrono::steady_clock::now();
  if (!may_stay()) {
    --kept_;
    ++retired_;
    return resource;
  }
  // TODO(3.1): to the warm end of idle_; then serve() waiters.
  todo("3.1");
  return {};
}

// Whether what comes back is lent again. The caller holds mutex_.
template <typename T>
bool pool_ledger<T>::may_stay() const {
  // TODO(3.4): not in a closed pool.
  // TODO(3.7): nor if it is one too many.
  return true;
}

template <typename T>
void pool_ledger<T>::retire() {
  std::scoped_lock lock(mutex_);
  --kept_;
  ++retired_;
}

template <typename T>
void pool_ledger<T>::destroyed([[maybe_unused]] std::size_t count) {
  // TODO(3.3): what is free now, and which caller gets it?
  todo("3.3");
}

template <typename T>
void pool_ledger<T>::release_slot() {
  // TODO(3.3): what is free now, and which caller gets it?
  todo("3.3");
}

template <typename T>
bool pool_ledger<T>::is_open() const {
  std::scoped_lock lock(mutex_);
  return !closed_;
}

template <typename T>
node_list<T> pool_ledger<T>::close() {
  node_list<T> retired;
  std::scoped_lock lock(mutex_);
  // TODO(3.4): mark the pool closed; empty the queue, with
  // closed for each waiter; retire_idle() what is idle.
  return retired;
}

template <typename T>
node_list<T> pool_ledger<T>::resize(
    [[maybe_unused]] std::size_t capacity) {
  node_list<T> retired;
  // TODO(3.7): refuse 0; set the capacity; retire_idle() what is
  // idle and too many; serve those who can be served now.
  todo("3.7");
  return retired;
}

template <typename T>
node_list<T> pool_ledger<T>::prune(
    [[maybe_unused]] std::chrono::steady_clock::time_point born_by,
    [[maybe_unused]] std::chrono::steady_clock::time_point idle_by,
    [[maybe_unused]] std::size_t min_idle) {
  node_list<T> retired;
  // TODO(3.6): retire_idle() what is too old, then what has idled
  // too long. Mind that retire_idle() takes its iterator away.
  todo("3.6");
  return retired;
}

// Moves one from idle_ to `retired`. The caller holds mutex_.
template <typename T>
void pool_ledger<T>::retire_idle(typename node_list<T>::iterator which,
                                 node_list<T>& retired) {
  retired.splice(retired.end(), idle_, which);
  --kept_;
  ++retired_;
}

template <typename T>
resource_pool_stats pool_ledger<T>::stats() const {
  std::scoped_lock lock(mutex_);
  return {.capacity = capacity_,
          .alive = kept_ + retired_,
          .idle = idle_.size(),
          .waiting = waiters_.size()};
}

}  // namespace workbook
