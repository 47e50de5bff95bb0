// A channel between goroutines, with direct hand-off.
//
// Book: chapter 6, step 6.7. Document: 004. Model: Go's
// runtime/chan.go. The words are those of chapter 0's channel.
//
// Invariants (each holds whenever lock_ is free):
//   (I1) If a receiver waits, no value is in the buffer and no sender
//        waits (a goroutine may do both in one select).
//   (I2) If a sender waits, the buffer is full.
//   (I3) A value is moved once into the buffer and once out of it; or
//        once, from the sender to the receiver that waits.
//   (I4) After close nobody waits.
//   (I5) Under lock_ no user code runs but T's move.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "gmp.hpp"
#include "grading/todo.hpp"
#include "limits.hpp"

namespace workbook::gmp {

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

/// What select needs to know of a channel, whatever its values are.
class channel_base {
 public:
  channel_base(const channel_base&) = delete;
  channel_base& operator=(const channel_base&) = delete;

 protected:
  friend class select_case;
  friend class selection;

  channel_base() = default;
  ~channel_base() = default;

  static channel_status status_of(wake how) {
    return how == wake::timed_out ? channel_status::timed_out
                                  : channel_status::cancelled;
  }

  spin_lock lock_;  // guards every field below it, and those of channel
  bool closed_ = false;
  wait_list receivers_;
  wait_list senders_;
};

/// channel<T> hands values from senders to receivers, in the order in
/// which they were accepted, each of them once. A value is accepted
/// when it gets one of `capacity` places, or a receiver that waits.
///
/// Every send takes its value by reference, and moves from it only if
/// it returns ok. Goroutines only; thread safety: any member from any
/// of them. T's move constructor must not throw, nor call the
/// scheduler. Everything is O(1) but close, which is O(waiting).
template <typename T>
class channel : public channel_base {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "channel<T>: a value that is half moved is nobody's");

 public:
  using clock = gmp::clock;

  /// Creates an open channel with room for `capacity` values. Throws
  /// std::bad_alloc.
  explicit channel(std::size_t capacity = 0)
      : capacity_(capacity), places_(new place[capacity]) {}

  /// Destroys the values that nobody has received.
  ~channel() {
    while (count_ > 0) {
      (void)take_oldest();
    }
  }

  /// Hands over `value`. Blocks while the channel is open and has no
  /// place for it. Returns ok or closed.
  [[nodiscard]] channel_status send(T&& value) {
    return send_within(value, {});
  }

  /// As send(value), and returns cancelled once `stop` is requested.
  [[nodiscard]] channel_status send(T&& value, std::stop_token stop) {
    return send_within(value, {.stop = std::move(stop)});
  }

  /// Hands over `value` if there is a place at once; never blocks.
  /// Returns ok, closed or would_block.
  [[nodiscard]] channel_status try_send(T&& value);

  /// As send(value, stop), and returns timed_out once `deadline` has
  /// passed. A deadline in the past is allowed.
  [[nodiscard]] channel_status send_until(T&& value,
                                          clock::time_point deadline,
                                          std::stop_token stop = {}) {
    return send_within(value, {std::move(stop), deadline});
  }

  /// As send_until, with a deadline that is `timeout` from now.
  [[nodiscard]] channel_status send_for(T&& value,
                                        clock::duration timeout,
                                        std::stop_token stop = {}) {
    return send_until(std::move(value), clock::after(timeout),
                      std::move(stop));
  }

  /// Returns the oldest value; nothing once the channel is closed and
  /// drained. Blocks while it is open and has no value.
  [[nodiscard]] std::optional<T> receive() {
    return receive_within({}).value;
  }

  /// As receive(), and returns cancelled once `stop` is requested.
  [[nodiscard]] receive_result<T> receive(std::stop_token stop) {
    return receive_within({.stop = std::move(stop)});
  }

  /// Returns the oldest value, also a blocked sender's, if there is
  /// one at once; never blocks. Status ok, closed or would_block.
  [[nodiscard]] receive_result<T> try_receive();

  /// As receive(stop), and returns timed_out once `deadline` has
  /// passed.
  [[nodiscard]] receive_result<T> receive_until(
      clock::time_point deadline, std::stop_token stop = {}) {
    return receive_within({std::move(stop), deadline});
  }

  /// As receive_until, with a deadline that is `timeout` from now.
  [[nodiscard]] receive_result<T> receive_for(
      clock::duration timeout, std::stop_token stop = {}) {
    return receive_until(clock::after(timeout), std::move(stop));
  }

  /// Accepts nothing from now on. Senders that wait return closed, with
  /// their values; receivers get what was accepted before, and then
  /// closed. Wakes all waiters. Idempotent.
  void close();

 private:
  friend class select_case;

  struct place {
    alignas(T) std::byte bytes[sizeof(T)];
  };

  // What an operation that cannot wait came to.
  enum class attempt { done, closed, must_wait };

  attempt try_put(T& value, goroutine*& woken);
  attempt try_take(std::optional<T>& value, goroutine*& woken);
  channel_status send_within(T& value, const limits& limit);
  receive_result<T> receive_within(const limits& limit);

  void put_youngest(T&& value) {
    std::size_t at = first_ + count_++;
    at -= at >= capacity_ ? capacity_ : 0;
    new (places_[at].bytes) T(std::move(value));
  }

  T take_oldest() {
    T& oldest =
        *std::launder(reinterpret_cast<T*>(places_[first_].bytes));
    first_ = first_ + 1 == capacity_ ? 0 : first_ + 1;
    --count_;
    T value(std::move(oldest));
    oldest.~T();
    return value;
  }

  const std::size_t capacity_;
  const std::unique_ptr<place[]> places_;
  std::size_t first_ = 0;  // the oldest value's place
  std::size_t count_ = 0;  // values in the buffer
};

// ---- Implementation ----------------------------------------------

// Hands `value` over if that is possible at once. The caller holds
// lock_, and wakes `woken` without it.
template <typename T>
auto channel<T>::try_put(T& value, goroutine*& woken) -> attempt {
  return todo<attempt>("6.7", value, woken);
}

// The same for a value that comes out. The place that becomes free goes
// to the sender that has waited longest.
template <typename T>
auto channel<T>::try_take(std::optional<T>& value, goroutine*& woken)
    -> attempt {
  return todo<attempt>("6.7", value, woken);
}

template <typename T>
channel_status channel<T>::send_within(T& value, const limits& limit) {
  const runtime_call inside;
  return todo<channel_status>("6.7", value, limit);
}

template <typename T>
receive_result<T> channel<T>::receive_within(const limits& limit) {
  const runtime_call inside;
  receive_result<T> result{channel_status::ok, {}};
  return todo<receive_result<T>>("6.7", result, limit);
}

template <typename T>
channel_status channel<T>::try_send(T&& value) {
  const runtime_call inside;
  return todo<channel_status>("6.7", value);
}

template <typename T>
receive_result<T> channel<T>::try_receive() {
  const runtime_call inside;
  return todo<receive_result<T>>("6.7");
}

template <typename T>
void channel<T>::close() {
  const runtime_call inside;
  todo("6.7");
}

}  // namespace workbook::gmp
