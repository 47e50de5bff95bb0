// A correct channel with one condition variable for all calls, a list
// of requests on both sides, and std::condition_variable_any, which
// knows stop tokens. Every change wakes all; each looks for itself.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace workbook {

enum class channel_status {
  ok,
  closed,
  cancelled,
  timed_out,
  would_block
};

template <typename T>
struct receive_result {
  channel_status status;
  std::optional<T> value;
};

template <typename T>
class channel {
 public:
  using clock = std::chrono::steady_clock;

  explicit channel(std::size_t capacity = 0) : capacity_(capacity) {}

  channel_status send(T&& value) { return send_any(value, {}, far()); }
  channel_status send(T&& value, std::stop_token stop) {
    return send_any(value, stop, far());
  }
  channel_status try_send(T&& value) {
    return at_once(send_any(value, {}, clock::time_point::min()));
  }
  channel_status send_until(T&& value, clock::time_point deadline,
                            std::stop_token stop = {}) {
    return send_any(value, stop, deadline);
  }
  channel_status send_for(T&& value, clock::duration timeout,
                          std::stop_token stop = {}) {
    return send_any(value, stop, after(timeout));
  }

  std::optional<T> receive() { return receive_any({}, far()).value; }
  receive_result<T> receive(std::stop_token stop) {
    return receive_any(stop, far());
  }
  receive_result<T> try_receive() {
    receive_result<T> result =
        receive_any({}, clock::time_point::min());
    result.status = at_once(result.status);
    return result;
  }
  receive_result<T> receive_until(clock::time_point deadline,
                                  std::stop_token stop = {}) {
    return receive_any(stop, deadline);
  }
  receive_result<T> receive_for(clock::duration timeout,
                                std::stop_token stop = {}) {
    return receive_any(stop, after(timeout));
  }

  void close() noexcept {
    std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  using time_limit = std::optional<clock::time_point>;

  // One call in progress. A send brings the place of its value, so that
  // nothing is allocated for it later.
  struct request {
    T* from = nullptr;
    std::list<std::optional<T>> place = {};
    std::optional<T>* to = nullptr;
    bool done = false;
    request* next = nullptr;
  };

  // Requests, oldest first, each on the stack of its call.
  struct request_queue {
    [[nodiscard]] bool empty() const { return first == nullptr; }
    void push(request& added) {
      request** end = &first;
      while (*end != nullptr) {
        end = &(*end)->next;
      }
      *end = &added;
    }
    void remove(request& one) {
      request** at = &first;
      while (*at != nullptr && *at != &one) {
        at = &(*at)->next;
      }
      if (*at != nullptr) {
        *at = one.next;
      }
    }
    request* first = nullptr;
  };

  static time_limit far() { return std::nullopt; }
  static time_limit after(clock::duration timeout) {
    const clock::time_point now = clock::now();
    if (timeout >= clock::time_point::max() - now) {
      return clock::time_point::max();
    }
    return now + timeout;
  }
  static channel_status at_once(channel_status status) {
    return status == channel_status::timed_out
               ? channel_status::would_block
               : status;
  }

  // Pairs off whatever can be paired. The caller holds mutex_.
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      if (!stored_.empty() && !receivers_.empty()) {
        receivers_.first->to->emplace(std::move(*stored_.front()));
        stored_.pop_front();
        finish(receivers_);
        moved = true;
      } else if (!closed_ && !senders_.empty()) {
        if (stored_.size() < capacity_) {
          request& sender = *senders_.first;
          sender.place.front().emplace(std::move(*sender.from));
          stored_.splice(stored_.end(), sender.place);
          finish(senders_);
          moved = true;
        } else if (!receivers_.empty()) {
          receivers_.first->to->emplace(
              std::move(*senders_.first->from));
          finish(senders_);
          finish(receivers_);
          moved = true;
        }
      }
    }
  }

  void finish(request_queue& from) {
    from.first->done = true;
    from.remove(*from.first);
    changed_.notify_all();
  }

  channel_status run(request& mine, request_queue& queue,
                     std::stop_token stop, time_limit deadline) {
    std::unique_lock lock(mutex_);
    queue.push(mine);
    settle();
    const auto over = [&] { return mine.done || closed_; };
    if (!over() && !stop.stop_requested()) {
      if (!deadline) {
        changed_.wait(lock, stop, over);
      } else if (*deadline > clock::now()) {
        changed_.wait_until(lock, stop, *deadline, over);
      }
    }
    if (mine.done) {
      return channel_status::ok;
    }
    queue.remove(mine);
    return closed_                 ? channel_status::closed
           : stop.stop_requested() ? channel_status::cancelled
                                   : channel_status::timed_out;
  }

  channel_status send_any(T& value, std::stop_token stop,
                          time_limit deadline) {
    request mine;
    mine.from = &value;
    mine.place.emplace_back();
    return run(mine, senders_, std::move(stop), deadline);
  }

  receive_result<T> receive_any(std::stop_token stop,
                                time_limit deadline) noexcept {
    receive_result<T> result = {channel_status::ok, std::nullopt};
    request mine;
    mine.to = &result.value;
    result.status = run(mine, receivers_, std::move(stop), deadline);
    return result;
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<std::optional<T>> stored_;
  request_queue senders_;
  request_queue receivers_;
  bool closed_ = false;
};

}  // namespace workbook
