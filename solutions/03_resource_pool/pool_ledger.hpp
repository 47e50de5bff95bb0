// Who may have what: the books of a resource pool, under one lock.
//
// Book: chapter 3, "Resource pool". Document: 001, the second
// pattern, without its faults.
// Model: the hand-off of Go's runtime/sema.go (a slot is given to a
// waiter, it is not left lying for whoever comes first).
//
// The ledger never makes, checks or destroys a resource: it gives
// those away that must go, and its caller destroys them when the lock
// is free. So no code of the users can run while mutex_ is held.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) kept_ + doomed_ <= capacity_, unless resize() has lowered
//        capacity_; then the sum only falls until it fits again.
//   (I2) While a caller waits, nothing is idle and no slot is free.
//   (I3) Something is idle only in an open pool with kept_ <=
//        capacity_.
//   (I4) closed_ never goes back to false; a closed pool has no line
//        and nothing idle.
//   (I5) Each resource stands on one shelf: the idle one, a lease's,
//        or that of a call which makes, checks or destroys it.

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

//@ #include "grading/todo.hpp"
#include "resource_pool_types.hpp"

namespace workbook {

/// pool_ledger<T> decides who gets a resource, who gets the slot in
/// which to make one, who waits, and what must be destroyed.
///
/// A slot is the right to have one resource alive. Who is told to
/// destroy something (a shelf that is not empty is returned) does so
/// and then calls destroyed(). Every call is O(1) and takes the lock
/// once, except where told.
///
/// Thread safety: any member may be called from any thread.
template <typename T>
class pool_ledger {
 public:
  /// What take() gives. With `acquired`, the caller owns a slot: and
  /// the resource in it, or an empty shelf on which to make one.
  struct grant {
    acquire_status status;
    shelf<T> resource = {};
  };

  /// Throws std::invalid_argument if `capacity` is 0.
  pool_ledger(std::size_t capacity, idle_order order);

  /// Gives a resource that is idle, else a free slot. Callers are
  /// served in the order in which they came: one who comes while
  /// others wait waits behind them. Blocks while there is nothing, as
  /// long as `how` allows; what was given then is not taken back, even
  /// if the deadline or a stop comes at the same moment. Else reports
  /// in this order: closed, cancelled, busy, timed_out. O(waiting) for
  /// who leaves the line.
  grant take(const patience& how);

  /// A resource came back. Returns it if it may not stay.
  shelf<T> put_back(shelf<T> resource);

  /// One that was lent is about to be destroyed.
  void doom();

  /// `count` doomed ones are destroyed: their slots are free.
  void destroyed(std::size_t count);

  /// One slot is free whose resource was never made, or is detached.
  void forget();

  /// Whether close() has not been called yet.
  bool is_open() const;

  /// Refuses everybody from now on, and tells all who wait. Returns
  /// what was idle. Idempotent. O(waiting + idle).
  shelf<T> close();

  /// Sets the capacity. Upwards, serves those who wait; downwards,
  /// returns idle ones that are too many, longest idle first. Throws
  /// std::invalid_argument if `capacity` is 0. O(change).
  shelf<T> resize(std::size_t capacity);

  /// Returns the idle ones that were born at or before `born_by`, and
  /// of the others those idle since `idle_by` or longer, longest idle
  /// first, as long as more than `min_idle` stay. O(idle).
  shelf<T> prune(std::chrono::steady_clock::time_point born_by,
                 std::chrono::steady_clock::time_point idle_by,
                 std::size_t min_idle);

  /// The numbers at this moment, but for `created`.
  resource_pool_stats stats() const;

 private:
  /// One who waits; lives on the stack of its take().
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
  void doom_idle(typename shelf<T>::iterator which, shelf<T>& doomed);

  const idle_order order_;

  // mutex_ guards every field below it.
  mutable std::mutex mutex_;
  std::size_t capacity_;
  shelf<T> idle_;               // longest idle first
  std::list<waiter*> waiters_;  // who came first, first
  std::size_t kept_ = 0;        // slots with what is idle, lent or made
  std::size_t doomed_ = 0;      // slots with what is being destroyed
  bool closed_ = false;
};

// ---- Implementation --------------------------------------------

template <typename T>
pool_ledger<T>::pool_ledger(std::size_t capacity, idle_order order)
    : order_(order), capacity_(capacity) {
  // [3.1 constructor]
  //@ // TODO(3.1): what can a pool of 0 promise?
  //@ todo("3.1");
  if (capacity == 0) {
    throw std::invalid_argument("resource_pool: capacity 0");
  }
  // [3.1 constructor]
}

template <typename T>
auto pool_ledger<T>::take(const patience& how) -> grant {
  std::unique_lock lock(mutex_);
  // [3.4 refuse]
  //@ // TODO(3.4): who comes too late?
  if (closed_) {
    return {acquire_status::closed};
  }
  // [3.4 refuse]
  // [3.5 cancelled]
  //@ // TODO(3.5): who does not want anything any more?
  if (how.stop.stop_requested()) {
    return {acquire_status::cancelled};
  }
  // [3.5 cancelled]
  // [3.2 at once]
  //@ // TODO(3.2): who may be served at once, and who may not? One
  //@ // who would have to wait and must not is told busy.
  //@ return how.wait ? hand_out() : todo<grant>("3.2");
  if (available()) {  // then nobody waits: (I2)
    return hand_out();
  }
  if (!how.wait) {
    return {acquire_status::busy};
  }
  // [3.2 at once]
  waiter me;
  waiters_.push_back(&me);
  // [3.5 wait]
  //@ // Enough until step 3.5, where patience may end.
  //@ while (!me.served) {
  //@   me.woken.wait(lock);
  //@ }
  const auto served = [&me] { return me.served; };
  if (how.deadline) {
    me.woken.wait_until(lock, how.stop, *how.deadline, served);
  } else {
    me.woken.wait(lock, how.stop, served);
  }
  if (!me.served) {
    waiters_.remove(&me);
    if (how.stop.stop_requested()) {
      return {acquire_status::cancelled};
    }
    return {acquire_status::timed_out};
  }
  // [3.5 wait]
  return std::move(me.got);
}

// Whether take() could give something. The caller holds mutex_.
template <typename T>
bool pool_ledger<T>::available() const {
  // [3.2 available]
  //@ return todo<bool>("3.2");
  return !idle_.empty() || kept_ + doomed_ < capacity_;
  // [3.2 available]
}

// Gives an idle resource, or else a slot. The caller holds mutex_.
template <typename T>
auto pool_ledger<T>::hand_out() -> grant {
  grant given = {acquire_status::acquired};
  // [3.1 hand out]
  //@ // TODO(3.1): move one from idle_ to given.resource, from the
  //@ // end that order_ tells; if there is none, count a new slot.
  //@ todo("3.1");
  if (idle_.empty()) {
    ++kept_;
  } else {
    const auto lent = order_ == idle_order::lifo
                          ? std::prev(idle_.end())
                          : idle_.begin();
    given.resource.splice(given.resource.end(), idle_, lent);
  }
  // [3.1 hand out]
  return given;
}

// Serves those who wait, as far as there is something: keeps (I2). The
// caller holds mutex_.
template <typename T>
void pool_ledger<T>::serve() {
  // [3.2 serve]
  //@ // TODO(3.2): as long as somebody waits and something is
  //@ // there, give it to the first in the line.
  while (!waiters_.empty() && available()) {
    waiter& first = *waiters_.front();
    waiters_.pop_front();
    serve(first, hand_out());
  }
  // [3.2 serve]
}

// Ends the wait of `first`, who has left the line. Notifies under the
// lock: once it is free, `first` may be gone. The caller holds mutex_.
template <typename T>
void pool_ledger<T>::serve(waiter& first, grant given) {
  first.got = std::move(given);
  first.served = true;
  first.woken.notify_one();
}

template <typename T>
shelf<T> pool_ledger<T>::put_back(shelf<T> resource) {
  std::scoped_lock lock(mutex_);
  resource.front().idle_since = std::chrono::steady_clock::now();
  if (!may_stay()) {
    --kept_;
    ++doomed_;
    return resource;
  }
  // [3.1 put back]
  //@ // TODO(3.1): to the warm end of idle_; then serve() who waits.
  //@ todo("3.1");
  idle_.splice(idle_.end(), resource);
  serve();
  // [3.1 put back]
  return {};
}

// Whether what comes back is lent again. The caller holds mutex_.
template <typename T>
bool pool_ledger<T>::may_stay() const {
  // [3.4 may stay]
  //@ // TODO(3.4): not in a closed pool.
  if (closed_) {
    return false;
  }
  // [3.4 may stay]
  // [3.7 may stay]
  //@ // TODO(3.7): nor if it is one too many.
  if (kept_ > capacity_) {
    return false;
  }
  // [3.7 may stay]
  return true;
}

template <typename T>
void pool_ledger<T>::doom() {
  std::scoped_lock lock(mutex_);
  --kept_;
  ++doomed_;
}

template <typename T>
void pool_ledger<T>::destroyed([[maybe_unused]] std::size_t count) {
  // [3.3 destroyed]
  //@ // TODO(3.3): what is free now, and who waits for it?
  //@ todo("3.3");
  std::scoped_lock lock(mutex_);
  doomed_ -= count;
  serve();
  // [3.3 destroyed]
}

template <typename T>
void pool_ledger<T>::forget() {
  // [3.3 forget]
  //@ // TODO(3.3): what is free now, and who waits for it?
  //@ todo("3.3");
  std::scoped_lock lock(mutex_);
  --kept_;
  serve();
  // [3.3 forget]
}

template <typename T>
bool pool_ledger<T>::is_open() const {
  std::scoped_lock lock(mutex_);
  return !closed_;
}

template <typename T>
shelf<T> pool_ledger<T>::close() {
  shelf<T> doomed;
  std::scoped_lock lock(mutex_);
  // [3.4 close]
  //@ // TODO(3.4): mark the pool closed; empty the line, each who
  //@ // waits being told; doom_idle() what is idle.
  closed_ = true;
  while (!waiters_.empty()) {
    waiter& first = *waiters_.front();
    waiters_.pop_front();
    serve(first, {acquire_status::closed});
  }
  while (!idle_.empty()) {
    doom_idle(idle_.begin(), doomed);
  }
  // [3.4 close]
  return doomed;
}

template <typename T>
shelf<T> pool_ledger<T>::resize([[maybe_unused]] std::size_t capacity) {
  shelf<T> doomed;
  // [3.7 resize]
  //@ // TODO(3.7): refuse 0; set the capacity; doom_idle() what is
  //@ // idle and too many; serve those who can be served now.
  //@ todo("3.7");
  if (capacity == 0) {
    throw std::invalid_argument("resource_pool: capacity 0");
  }
  std::scoped_lock lock(mutex_);
  capacity_ = capacity;
  while (kept_ > capacity_ && !idle_.empty()) {
    doom_idle(idle_.begin(), doomed);
  }
  serve();
  // [3.7 resize]
  return doomed;
}

template <typename T>
shelf<T> pool_ledger<T>::prune(
    [[maybe_unused]] std::chrono::steady_clock::time_point born_by,
    [[maybe_unused]] std::chrono::steady_clock::time_point idle_by,
    [[maybe_unused]] std::size_t min_idle) {
  shelf<T> doomed;
  // [3.6 prune]
  //@ // TODO(3.6): doom_idle() what is too old, then what has idled
  //@ // too long. Mind that doom_idle() takes its iterator away.
  //@ todo("3.6");
  std::scoped_lock lock(mutex_);
  for (auto next = idle_.begin(); next != idle_.end();) {
    const auto each = next++;
    if (each->born <= born_by) {
      doom_idle(each, doomed);
    }
  }
  while (idle_.size() > min_idle &&
         idle_.front().idle_since <= idle_by) {
    doom_idle(idle_.begin(), doomed);
  }
  // [3.6 prune]
  return doomed;
}

// Moves one from idle_ to `doomed`. The caller holds mutex_.
template <typename T>
void pool_ledger<T>::doom_idle(typename shelf<T>::iterator which,
                               shelf<T>& doomed) {
  doomed.splice(doomed.end(), idle_, which);
  --kept_;
  ++doomed_;
}

template <typename T>
resource_pool_stats pool_ledger<T>::stats() const {
  std::scoped_lock lock(mutex_);
  return {.capacity = capacity_,
          .alive = kept_ + doomed_,
          .idle = idle_.size(),
          .waiting = waiters_.size()};
}

}  // namespace workbook
