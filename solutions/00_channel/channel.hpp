// A channel passes values from thread to thread, in order, through a
// buffer or from hand to hand.
//
// Book: chapter 0, "Channel". Documents: all five speak in channels.
// Model: Go's chan (runtime/chan.go): a queue of senders that wait, a
// queue of receivers that wait, and the side that comes second
// completes the transfer. Go's select is not here.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) If a receiver waits, the buffer is empty and no sender waits.
//   (I2) If a sender waits, the buffer is full and no receiver waits.
//   (I3) A call that is in a queue waits and has no result. Whoever
//        gives it a result also takes it out of its queue.
//   (I4) A value belongs to its caller until it is accepted, and then
//        to buffer_ or to one receiver; never to two of them.
//   (I5) buffer_.size() <= capacity_.
//   (I6) Once closed_ is true it stays true, no call waits, and no
//        value is accepted.
// And at all times:
//   (I7) While mutex_ is held, nothing is allocated, no value is
//        destroyed unless it was moved from, and no user code runs
//        but T's move constructor.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

//@ #include "grading/todo.hpp"

namespace workbook {

/// How a call ended. If several of these apply, the call reports the
/// first one in this order.
enum class channel_status {
  ok,          ///< The value was handed over.
  closed,      ///< The channel is closed; to a receiver, also drained.
  cancelled,   ///< A stop was requested.
  timed_out,   ///< The deadline has passed.
  would_block  ///< A try_ call would have had to wait.
};

/// What a receive with limits returns. It has a value if and only if
/// `status` is channel_status::ok.
template <typename T>
struct receive_result {
  channel_status status;
  std::optional<T> value;
};

/// channel<T> passes values from senders to receivers. A value is
/// accepted when it is stored in the buffer, which holds up to
/// `capacity` values, or handed to a receiver that waits. Values are
/// received in the order in which they were accepted, each exactly
/// once. With capacity 0 there is no buffer: a send that returns ok
/// has handed its value to a receiver (a rendezvous). Senders that
/// wait are served in the order in which they began to wait. A send
/// synchronizes with the receive that gets its value.
///
/// A send moves from its value only if it returns ok. On any other
/// status the value is untouched and still the caller's. A send that
/// throws std::bad_alloc has changed nothing. A receive never throws.
///
/// Any member may be called from any thread; the destructor requires
/// that no other call is in progress. T's move constructor must not
/// throw. It may run under the channel's lock, so it must not call the
/// channel or request a stop. A call that waits is asleep: it does not
/// poll. Calls are O(1); close() is O(calls that wait).
template <typename T>
class channel {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "channel<T>: T's move constructor must not throw");

 public:
  using clock = std::chrono::steady_clock;

  /// Creates an open, empty channel. `capacity` may be any number:
  /// memory is allocated as values come.
  explicit channel(std::size_t capacity = 0) : capacity_(capacity) {}

  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Destroys the values that were accepted and not received.
  ~channel() = default;

  /// Sends `value`. Blocks while the channel is open and cannot accept
  /// it. Returns ok or closed.
  [[nodiscard]] channel_status send(T&& value) {
    return send_within(value, {});
  }

  /// As send(value), and returns cancelled once `stop` is requested.
  [[nodiscard]] channel_status send(T&& value, std::stop_token stop) {
    return send_within(value, {.stop = std::move(stop)});
  }

  /// Sends `value` if it can be accepted at once. Never blocks.
  /// Returns ok, closed or would_block.
  [[nodiscard]] channel_status try_send(T&& value) {
    return send_within(value, {.may_wait = false});
  }

  /// As send(value, stop), and returns timed_out once `deadline` has
  /// passed. With a deadline in the past it sends if the value can be
  /// accepted at once. A value that was handed over before the call
  /// gave up counts: the call returns ok, even if it is late.
  [[nodiscard]] channel_status send_until(T&& value,
                                          clock::time_point deadline,
                                          std::stop_token stop = {}) {
    return send_within(value,
                       {.stop = std::move(stop), .deadline = deadline});
  }

  /// As send_until, with a deadline that is `timeout` from now. A
  /// negative timeout has passed; one beyond the clock's range never
  /// passes.
  [[nodiscard]] channel_status send_for(T&& value,
                                        clock::duration timeout,
                                        std::stop_token stop = {}) {
    return send_until(std::move(value), after(timeout),
                      std::move(stop));
  }

  /// Returns the oldest value, or nothing if the channel is closed and
  /// drained. Blocks while the channel is open and has no value.
  [[nodiscard]] std::optional<T> receive() {
    return receive_within({}).value;
  }

  /// As receive(), and returns cancelled once `stop` is requested.
  [[nodiscard]] receive_result<T> receive(std::stop_token stop) {
    return receive_within({.stop = std::move(stop)});
  }

  /// Returns the oldest value if there is one at once; the value of a
  /// sender that waits is one. Never blocks. The status is ok, closed
  /// or would_block.
  [[nodiscard]] receive_result<T> try_receive() {
    return receive_within({.may_wait = false});
  }

  /// As receive(stop), and returns timed_out once `deadline` has
  /// passed. With a deadline in the past it receives what there is at
  /// once.
  [[nodiscard]] receive_result<T> receive_until(
      clock::time_point deadline, std::stop_token stop = {}) {
    return receive_within(
        {.stop = std::move(stop), .deadline = deadline});
  }

  /// As receive_until, with a deadline that is `timeout` from now. A
  /// negative timeout has passed; one beyond the clock's range never
  /// passes.
  [[nodiscard]] receive_result<T> receive_for(
      clock::duration timeout, std::stop_token stop = {}) {
    return receive_until(after(timeout), std::move(stop));
  }

  /// Closes the channel: no value is accepted from now on. Senders
  /// that wait return closed and keep their values. Receivers get the
  /// values accepted before, and then closed. Never blocks, never
  /// throws. A second close() has no effect.
  void close() noexcept;

 private:
  // When a call that waits has to give up.
  struct limits {
    std::stop_token stop = {};
    std::optional<clock::time_point> deadline = {};
    bool may_wait = true;
  };

  // A list, because its nodes can move without being allocated: a send
  // brings one for the buffer, and a receive takes one away (I7).
  using values = std::list<std::optional<T>>;

  // A place in a queue; linked to itself at first.
  struct link {
    link* previous = this;
    link* next = this;
  };

  // One send or receive. It is on the stack of its thread, so that to
  // wait allocates nothing.
  struct call : link {
    T* offered = nullptr;            // send: the caller's value
    std::optional<T> received = {};  // receive: what it returns
    values node = {};                // one node, or none
    std::optional<channel_status> result = {};  // none: it waits
    std::condition_variable changed = {};       // result, or a limit
  };

  // Calls that wait, oldest first.
  class queue {
   public:
    bool empty() const { return ends_.next == &ends_; }
    call& oldest() { return static_cast<call&>(*ends_.next); }
    void push(call& newest) {
      newest.previous = std::exchange(ends_.previous, &newest);
      newest.next = std::exchange(newest.previous->next, &newest);
    }
    static void remove(call& waiting) {
      waiting.previous->next = waiting.next;
      waiting.next->previous = waiting.previous;
    }

   private:
    link ends_;  // next: the oldest; previous: the newest
  };

  static clock::time_point after(clock::duration timeout);

  channel_status send_within(T& value, const limits& limit);
  receive_result<T> receive_within(const limits& limit);
  bool put(call& from);
  bool take(call& to);
  void store(call& from);
  void finish(call& waiting, channel_status result);
  channel_status wait(std::unique_lock<std::mutex>& lock, queue& in,
                      call& mine, const limits& limit);
  void wait_once(std::unique_lock<std::mutex>& lock, call& mine,
                 const limits& limit);
  auto wake_on_stop(const limits& limit, call& mine);

  const std::size_t capacity_;

  // mutex_ guards every field below it, and the calls in the queues.
  std::mutex mutex_;
  values buffer_;  // accepted, oldest first
  queue senders_;
  queue receivers_;
  bool closed_ = false;
};

// ---- Implementation: sending and receiving ---------------------

template <typename T>
channel_status channel<T>::send_within(T& value, const limits& limit) {
  call mine;
  mine.offered = &value;
  mine.node.resize(capacity_ == 0 ? 0 : 1);  // may throw: not locked
  const auto wakes = wake_on_stop(limit, mine);
  std::unique_lock lock(mutex_);
  return put(mine) ? channel_status::ok
                   : wait(lock, senders_, mine, limit);
}

template <typename T>
receive_result<T> channel<T>::receive_within(const limits& limit) {
  call mine;
  const auto wakes = wake_on_stop(limit, mine);
  std::unique_lock lock(mutex_);
  const channel_status status =
      take(mine) ? channel_status::ok
                 : wait(lock, receivers_, mine, limit);
  return {status, std::move(mine.received)};
}

// Accepts the value of `from` if it need not wait; else returns false.
// The caller holds mutex_.
template <typename T>
bool channel<T>::put(call& from) {
  // [0.4 put]
  //@ // TODO(0.4): when is no value accepted any more?
  if (closed_) {
    return false;
  }
  // [0.4 put]
  // [0.2 put]
  //@ // TODO(0.2): a receiver that waits gets the value directly.
  if (!receivers_.empty()) {
    call& to = receivers_.oldest();
    to.received.emplace(std::move(*from.offered));
    finish(to, channel_status::ok);
    return true;
  }
  // [0.2 put]
  // [0.1 put]
  //@ // TODO(0.1): store the value if the buffer has room for it.
  //@ return todo<bool>("0.1", from);
  if (buffer_.size() == capacity_) {
    return false;
  }
  store(from);
  return true;
  // [0.1 put]
}

// Moves the oldest value to `to` if there is one; else returns false.
// The caller holds mutex_.
template <typename T>
bool channel<T>::take(call& to) {
  // [0.3 rendezvous]
  //@ // TODO(0.3): with no buffer, a waiting sender has the value.
  //@ if (!senders_.empty()) {
  //@   todo("0.3");
  //@ }
  if (buffer_.empty() && !senders_.empty()) {  // capacity 0: (I2)
    call& from = senders_.oldest();
    to.received.emplace(std::move(*from.offered));
    finish(from, channel_status::ok);
    return true;
  }
  // [0.3 rendezvous]
  // [0.1 take]
  //@ // TODO(0.1): take the oldest node out of buffer_, into to.node,
  //@ // and move its value to to.received.
  //@ todo("0.1", to);
  if (buffer_.empty()) {
    return false;
  }
  to.node.splice(to.node.end(), buffer_, buffer_.begin());
  to.received.emplace(std::move(*to.node.front()));
  // [0.1 take]
  // [0.3 refill]
  //@ // TODO(0.3): the buffer has room now; which call can go on?
  if (!senders_.empty()) {
    call& from = senders_.oldest();
    store(from);
    finish(from, channel_status::ok);
  }
  // [0.3 refill]
  return true;
}

// Moves the value of `from` to the end of the buffer, in the node that
// `from` has brought. The caller holds mutex_.
template <typename T>
void channel<T>::store(call& from) {
  // [0.1 store]
  //@ // TODO(0.1): move *from.offered into from.node; add that node
  //@ // to buffer_.
  //@ todo("0.1", from);
  from.node.front().emplace(std::move(*from.offered));
  buffer_.splice(buffer_.end(), from.node);
  // [0.1 store]
}

// ---- Implementation: waiting and closing -----------------------

// Waits in `in` until `mine` has a result, and returns it.
template <typename T>
channel_status channel<T>::wait(
    [[maybe_unused]] std::unique_lock<std::mutex>& lock,
    [[maybe_unused]] queue& in, [[maybe_unused]] call& mine,
    const limits& limit) {
  // [0.4 closed]
  //@ // TODO(0.4): which calls must not begin to wait?
  if (closed_) {
    return channel_status::closed;
  }
  // [0.4 closed]
  if (!limit.may_wait) {
    return channel_status::would_block;
  }
  // [0.2 wait]
  //@ // TODO(0.2): join the queue; wait_once() until there is a result.
  //@ return todo<channel_status>("0.2");
  in.push(mine);
  while (!mine.result) {
    wait_once(lock, mine, limit);
  }
  return *mine.result;
  // [0.2 wait]
}

// Ends the call `waiting`. The caller holds mutex_, so that `waiting`
// exists until after the notification.
template <typename T>
void channel<T>::finish(call& waiting, channel_status result) {
  // [0.2 finish]
  //@ // TODO(0.2): keep (I3), and wake the call.
  //@ todo("0.2", waiting, result);
  queue::remove(waiting);
  waiting.result = result;
  waiting.changed.notify_one();
  // [0.2 finish]
}

// Sleeps once on mine.changed. If the call has reached a limit, ends it
// instead.
template <typename T>
void channel<T>::wait_once(std::unique_lock<std::mutex>& lock,
                           call& mine,
                           [[maybe_unused]] const limits& limit) {
  // [0.6 cancelled]
  //@ // TODO(0.6): if a stop was requested, end the call and return.
  if (limit.stop.stop_requested()) {
    finish(mine, channel_status::cancelled);
    return;
  }
  // [0.6 cancelled]
  // [0.5 wait]
  //@ // TODO(0.5): if there is a deadline, sleep until then at most;
  //@ // if it has passed, end the call.
  //@ if (limit.deadline) {
  //@   todo("0.5");
  //@ }
  //@ mine.changed.wait(lock);
  if (!limit.deadline) {
    mine.changed.wait(lock);
  } else if (clock::now() < *limit.deadline) {
    mine.changed.wait_until(lock, *limit.deadline);
  } else {
    finish(mine, channel_status::timed_out);
  }
  // [0.5 wait]
}

template <typename T>
void channel<T>::close() noexcept {
  std::scoped_lock lock(mutex_);
  // [0.4 close]
  //@ // TODO(0.4): which calls can never succeed from now on?
  //@ todo("0.4");
  closed_ = true;
  for (queue* const each : {&senders_, &receivers_}) {
    while (!each->empty()) {
      finish(each->oldest(), channel_status::closed);
    }
  }
  // [0.4 close]
}

// ---- Implementation: limits ------------------------------------

// The time `timeout` from now, or the last one of the clock's range.
template <typename T>
auto channel<T>::after(clock::duration timeout) -> clock::time_point {
  // [0.5 after]
  //@ // TODO(0.5): what is now plus three hundred years?
  //@ return clock::now() + timeout;
  const clock::time_point now = clock::now();
  return timeout > clock::time_point::max() - now
             ? clock::time_point::max()
             : now + timeout;
  // [0.5 after]
}

// While the result exists, a stop request wakes `mine`. Its destructor
// waits for a callback that is running, so it must be destroyed after
// the lock is released.
template <typename T>
auto channel<T>::wake_on_stop(const limits& limit, call& mine) {
  // [0.6 wake]
  //@ if (limit.stop.stop_possible()) {
  //@   todo("0.6", mine);
  //@ }
  //@ return std::stop_callback(limit.stop, [] {});
  return std::stop_callback(limit.stop, [this, &mine] {
    // The lock keeps this out of the gap between the last look
    // of `mine` at its token and its sleep.
    std::scoped_lock lock(mutex_);
    mine.changed.notify_one();
  });
  // [0.6 wake]
}

}  // namespace workbook
