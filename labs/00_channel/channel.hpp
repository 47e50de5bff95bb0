// A channel: values handed from thread to thread, in order, with
// room for n of them, or for none.
//
// Book: chapter 0, "Channel". Documents: all five speak in channels.
// Model: Go's chan (runtime/chan.go): a sender that has to wait shows
// its value to the receivers. Go's select is not here.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) buffer_.size() <= capacity_ + receiving_: what is accepted
//        has a place, and a receiver that waits is one place more.
//   (I2) An offer in offers_ belongs to a sender that waits, and whose
//        value is not accepted; then the channel is open, and every
//        place is taken.
//   (I3) A value is the caller's until it is accepted, and from then
//        on in buffer_, or with one receiver; never in two places.
//   (I4) closed_ never goes back to false; from then on no value is
//        accepted.
// And at all times:
//   (I5) No value that was not moved from is destroyed, and no code of
//        the callers but T's move runs, while mutex_ is held.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "grading/todo.hpp"

namespace workbook {

/// How a call ended. Where several would be true, the first one of
/// this list is reported.
enum class channel_status {
  ok,          ///< the value was handed over
  closed,      ///< the channel is closed (and, to receive: drained)
  cancelled,   ///< a stop was requested
  timed_out,   ///< the deadline passed
  would_block  ///< a try_ form would have had to wait
};

/// What a limited receive returns: a value if and only if `status` is
/// channel_status::ok.
template <typename T>
struct receive_result {
  channel_status status;
  std::optional<T> value;
};

/// channel<T> hands values from senders to receivers. A value is
/// accepted when it gets a place: one of `capacity`, or a receiver
/// that waits. Values are received in the order of their acceptance,
/// each of them once. With capacity 0 sender and receiver meet: a send
/// that returns ok has a receiver for its value (a rendezvous).
///
/// Every send takes its value by reference, and moves from it only if
/// it returns ok. On anything else the value is untouched and still
/// the caller's. A send throws std::bad_alloc where memory is missing,
/// and has then changed nothing; a receive never throws. Where memory
/// is missing for the value of a sender that waits, when a receive has
/// made room for it, the program ends (std::terminate).
///
/// Thread safety: any member may be called from any thread; only the
/// destructor requires that no other call is in progress. T's move
/// constructor must not throw, nor call the channel or request a stop:
/// it may run under the channel's lock. Everything is O(1), but for a
/// send that gives up and close(): O(senders that wait).
template <typename T>
class channel {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "channel<T>: a value that is half moved is nobody's");

 public:
  using clock = std::chrono::steady_clock;

  /// Creates an open channel with room for `capacity` values, be they
  /// as many as std::size_t counts: memory is taken as they come.
  explicit channel(std::size_t capacity = 0) : capacity_(capacity) {}

  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Destroys the values that nobody has received.
  ~channel() = default;

  /// Hands over `value`. Blocks while the channel is open and has no
  /// place for it. Returns ok or closed.
  [[nodiscard]] channel_status send(T&& value);

  /// As send(value), and returns cancelled once `stop` is requested.
  [[nodiscard]] channel_status send(T&& value, std::stop_token stop);

  /// Hands over `value` if there is a place at once; never blocks.
  /// Returns ok, closed or would_block.
  [[nodiscard]] channel_status try_send(T&& value);

  /// As send(value, stop), and returns timed_out once `deadline` has
  /// passed. A deadline in the past is allowed. A hand-over that was
  /// agreed before the call gave up completes: ok, though it be late.
  [[nodiscard]] channel_status send_until(T&& value,
                                          clock::time_point deadline,
                                          std::stop_token stop = {});

  /// As send_until, with a deadline that is `timeout` from now; one
  /// that is too far away for the clock is as far as the clock goes.
  [[nodiscard]] channel_status send_for(T&& value,
                                        clock::duration timeout,
                                        std::stop_token stop = {});

  /// Returns the oldest value; nothing once the channel is closed and
  /// drained. Blocks while it is open and has no value.
  [[nodiscard]] std::optional<T> receive();

  /// As receive(), and returns cancelled once `stop` is requested.
  [[nodiscard]] receive_result<T> receive(std::stop_token stop);

  /// Returns the oldest value, also a blocked sender's, if there is
  /// one at once; never blocks. Status ok, closed or would_block.
  [[nodiscard]] receive_result<T> try_receive();

  /// As receive(stop), and returns timed_out once `deadline` has
  /// passed. A deadline in the past is allowed: a value that is there,
  /// also a blocked sender's, is received all the same.
  [[nodiscard]] receive_result<T> receive_until(
      clock::time_point deadline, std::stop_token stop = {});

  /// As receive_until, with a deadline that is `timeout` from now.
  [[nodiscard]] receive_result<T> receive_for(
      clock::duration timeout, std::stop_token stop = {});

  /// Accepts nothing from now on. Senders that wait return closed,
  /// with their values; receivers get what was accepted before, and
  /// then closed. Wakes all who wait. Idempotent.
  void close() noexcept;

 private:
  // What ends a call that has to wait.
  struct limits {
    std::stop_token stop = {};
    std::optional<clock::time_point> deadline = {};
    bool may_wait = true;
  };

  // TODO(0.6): what a sender that waits shows to receivers.

  static limits at_once();
  static limits until(clock::time_point deadline, std::stop_token stop);
  static clock::time_point after(clock::duration timeout);

  channel_status send_within(T& value, const limits& limit);
  receive_result<T> receive_within(const limits& limit);
  bool put(T& value);
  bool take(std::optional<T>& value);
  bool has_room() const;
  void let_sender_in() noexcept;
  channel_status wait_for_value(std::unique_lock<std::mutex>& lock,
                                const limits& limit);
  channel_status wait(std::unique_lock<std::mutex>& lock,
                      std::condition_variable& condition,
                      const limits& limit);
  auto wake_on_stop(const limits& limit,
                    std::condition_variable& condition);

  const std::size_t capacity_;

  // mutex_ guards every field below it.
  std::mutex mutex_;
  std::condition_variable has_value_;  // a value to take, or closed_
  std::deque<T> buffer_;               // accepted, oldest first
  bool closed_ = false;
  // TODO(0.5): how many receivers wait for a value.
  std::condition_variable has_room_;  // has_room(), or closed_
};

// ---- Implementation: the forms of a call -----------------------

template <typename T>
channel_status channel<T>::send(T&& value) {
  return send_within(value, {});
}

template <typename T>
channel_status channel<T>::send(T&& value, std::stop_token stop) {
  return send_within(value, {.stop = std::move(stop)});
}

template <typename T>
channel_status channel<T>::try_send(T&& value) {
  return send_within(value, at_once());
}

template <typename T>
channel_status channel<T>::send_until(T&& value,
                                      clock::time_point deadline,
                                      std::stop_token stop) {
  return send_within(value, until(deadline, std::move(stop)));
}

template <typename T>
channel_status channel<T>::send_for(T&& value, clock::duration timeout,
                                    std::stop_token stop) {
  return send_within(value, until(after(timeout), std::move(stop)));
}

template <typename T>
std::optional<T> channel<T>::receive() {
  return receive_within({}).value;
}

template <typename T>
receive_result<T> channel<T>::receive(std::stop_token stop) {
  return receive_within({.stop = std::move(stop)});
}

template <typename T>
receive_result<T> channel<T>::try_receive() {
  return receive_within(at_once());
}

template <typename T>
receive_result<T> channel<T>::receive_until(clock::time_point deadline,
                                            std::stop_token stop) {
  return receive_within(until(deadline, std::move(stop)));
}

template <typename T>
receive_result<T> channel<T>::receive_for(clock::duration timeout,
                                          std::stop_token stop) {
  return receive_within(until(after(timeout), std::move(stop)));
}

// The limits of a call that must not wait at all.
template <typename T>
auto channel<T>::at_once() -> limits {
  return todo<limits>("0.3");
}

// The limits of a call that waits until `deadline` at most.
template <typename T>
auto channel<T>::until(clock::time_point deadline, std::stop_token stop)
    -> limits {
  return todo<limits>("0.3", deadline, stop);
}

// The time `timeout` from now, or the last one that the clock knows.
template <typename T>
auto channel<T>::after(clock::duration timeout) -> clock::time_point {
  // TODO(0.3): what does a timeout of many years come to?
  return clock::now() + timeout;
}

// ---- Implementation: sending -----------------------------------

template <typename T>
channel_status channel<T>::send_within(T& value, const limits& limit) {
  // This is how a sender waits until step 0.6: with capacity 0
  // and a limit, that is not enough.
  if (capacity_ == 0 &&
      (limit.deadline || limit.stop.stop_possible())) {
    todo("0.6");
  }
  const auto wakes = wake_on_stop(limit, has_room_);
  std::unique_lock lock(mutex_);
  while (!put(value)) {
    const channel_status status = wait(lock, has_room_, limit);
    if (status != channel_status::ok) {
      return status;
    }
  }
  return channel_status::ok;
}

// Accepts `value` if there is a place. The caller holds mutex_.
template <typename T>
bool channel<T>::put(T& value) {
  // TODO(0.2): what is no longer accepted?
  // TODO(0.1): if there is room, move `value` to the end of
  // buffer_, wake who waits for it, and return true.
  return todo<bool>("0.1", value);
}

// Whether one more value has a place. The caller holds mutex_.
template <typename T>
bool channel<T>::has_room() const {
  // TODO(0.5): which places are there with capacity 0?
  if (capacity_ == 0) {
    todo("0.5");
  }
  return buffer_.size() < capacity_;
}

// To be called where there may be room again: sees to it that the
// first sender that waits makes use of it. The caller holds mutex_.
// Where memory is missing this terminates: the value that a receiver
// has just taken would be lost with an exception.
template <typename T>
void channel<T>::let_sender_in() noexcept {
  has_room_.notify_one();  // it looks for itself, until step 0.6
}

// ---- Implementation: receiving ---------------------------------

template <typename T>
receive_result<T> channel<T>::receive_within(const limits& limit) {
  std::optional<T> value;
  const auto wakes = wake_on_stop(limit, has_value_);
  std::unique_lock lock(mutex_);
  // TODO(0.1): until there is a value to take, wait_for_value;
  // if that returns anything but ok, return it, without a value.
  return todo<receive_result<T>>("0.1", value);
}

// Moves the oldest value into `value`, which is empty, if there is
// one. The caller holds mutex_.
template <typename T>
bool channel<T>::take(std::optional<T>& value) {
  // TODO(0.6): with capacity 0, whose value is there to take?
  // TODO(0.1): if there is a value, move the oldest one out of
  // buffer_, call let_sender_in(), and return true.
  return todo<bool>("0.1", value);
}

// Waits once for a value, as wait() does.
template <typename T>
channel_status channel<T>::wait_for_value(
    std::unique_lock<std::mutex>& lock, const limits& limit) {
  // TODO(0.5): a receiver that waits is a place for one value.
  if (capacity_ == 0) {
    todo("0.5");
  }
  return wait(lock, has_value_, limit);
}

// ---- Implementation: waiting and closing -----------------------

// Sleeps once on `condition` and returns ok; or, if the call has to
// end, returns why, without sleeping. The reasons stand in their order.
template <typename T>
channel_status channel<T>::wait(std::unique_lock<std::mutex>& lock,
                                std::condition_variable& condition,
                                [[maybe_unused]] const limits& limit) {
  // TODO(0.2): who must not begin, or go on, to wait?
  // TODO(0.4): and who does not want to?
  // TODO(0.3): who has no time left, and how long may the others
  // sleep?
  condition.wait(lock);
  return channel_status::ok;
}

// While the result lives, a stop request wakes who sleeps on
// `condition`. Its destructor waits until a callback that runs has
// returned: so it has to be destroyed after the lock is released.
template <typename T>
auto channel<T>::wake_on_stop(const limits& limit,
                              std::condition_variable& condition) {
  if (limit.stop.stop_possible()) {
    todo("0.4", condition);
  }
  return std::stop_callback(limit.stop, [] {});
}

template <typename T>
void channel<T>::close() noexcept {
  std::scoped_lock lock(mutex_);
  // TODO(0.2): and which receivers have to learn of it?
  todo("0.2");
  has_room_.notify_all();
}

}  // namespace workbook
