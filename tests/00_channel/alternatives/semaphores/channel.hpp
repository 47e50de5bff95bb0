// A correct channel that blocks in binary semaphores: as in Go,
// a call that waits is a node in one of two queues, and its partner
// hands over the value and releases the semaphore in the node.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <utility>
#include <vector>

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

// The state is guarded by an atomic flag. A binary_semaphore would
// do, but of one that several threads acquire libstdc++ 12 can lose a
// wakeup: an acquire that read 1 and came too late waits for the 1 to
// change.
class flag_guard {
 public:
  void lock() {
    while (held_.test_and_set()) {
      held_.wait(true);
    }
  }
  void unlock() {
    held_.clear();
    held_.notify_one();
  }

 private:
  std::atomic_flag held_;
};

template <typename T>
class channel {
 public:
  using clock = std::chrono::steady_clock;

  explicit channel(std::size_t capacity = 0) : room_(capacity) {}

  channel_status send(T&& value) { return enter(&value, nullptr, {}); }
  channel_status send(T&& value, std::stop_token stop) {
    return enter(&value, nullptr, {stop, {}, true});
  }
  channel_status try_send(T&& value) {
    return enter(&value, nullptr, {{}, {}, false});
  }
  channel_status send_until(T&& value, clock::time_point deadline,
                            std::stop_token stop = {}) {
    return enter(&value, nullptr, {stop, deadline, true});
  }
  channel_status send_for(T&& value, clock::duration timeout,
                          std::stop_token stop = {}) {
    return enter(&value, nullptr, {stop, in(timeout), true});
  }

  std::optional<T> receive() { return take({}).value; }
  receive_result<T> receive(std::stop_token stop) {
    return take({stop, {}, true});
  }
  receive_result<T> try_receive() { return take({{}, {}, false}); }
  receive_result<T> receive_until(clock::time_point deadline,
                                  std::stop_token stop = {}) {
    return take({stop, deadline, true});
  }
  receive_result<T> receive_for(clock::duration timeout,
                                std::stop_token stop = {}) {
    return take({stop, in(timeout), true});
  }

  void close() noexcept {
    guard_.lock();
    closed_ = true;
    for (std::deque<node*>* queue : {&senders_, &receivers_}) {
      for (node* const each : *queue) {
        each->ended(channel_status::closed);
      }
      queue->clear();
    }
    guard_.unlock();
  }

 private:
  struct limits {
    std::stop_token stop = {};
    std::optional<clock::time_point> deadline = {};
    bool waits = true;
  };

  // One call that waits, on its stack. Changed under guard_.
  struct node {
    T* from;
    std::optional<T>* to;
    std::optional<channel_status> result = {};
    std::binary_semaphore woken{0};

    void ended(channel_status with) {
      result = with;
      woken.release();
    }
  };

  static clock::time_point in(clock::duration timeout) {
    const auto now = clock::now();
    return now + std::min(timeout, clock::time_point::max() - now);
  }

  receive_result<T> take(limits how) {
    receive_result<T> got = {channel_status::ok, std::nullopt};
    got.status = enter(nullptr, &got.value, std::move(how));
    return got;
  }

  // The caller holds guard_.
  bool meet(node& mine) {
    if (mine.to != nullptr) {
      if (!values_.empty()) {
        mine.to->emplace(std::move(values_.front()));
        values_.pop_front();
        if (!senders_.empty()) {
          values_.push_back(std::move(*senders_.front()->from));
          release_first(senders_);
        }
        return true;
      }
      if (!senders_.empty()) {
        mine.to->emplace(std::move(*senders_.front()->from));
        release_first(senders_);
        return true;
      }
      return false;
    }
    if (closed_) {
      return false;
    }
    if (!receivers_.empty()) {
      receivers_.front()->to->emplace(std::move(*mine.from));
      release_first(receivers_);
      return true;
    }
    if (values_.size() < room_) {
      values_.push_back(std::move(*mine.from));
      return true;
    }
    return false;
  }

  void release_first(std::deque<node*>& queue) {
    node* const first = queue.front();
    queue.pop_front();
    first->ended(channel_status::ok);
  }

  // Ends `mine` with `why`, unless somebody was quicker.
  void leave(node& mine, channel_status why) {
    guard_.lock();
    if (!mine.result) {
      std::erase(mine.from != nullptr ? senders_ : receivers_, &mine);
      mine.ended(why);
    }
    guard_.unlock();
  }

  channel_status enter(T* from, std::optional<T>* to, limits how) {
    node mine{from, to};
    std::unique_lock lock(guard_);
    std::optional<channel_status> now;
    if (meet(mine)) {
      now = channel_status::ok;
    } else if (closed_) {
      now = channel_status::closed;
    } else if (how.stop.stop_requested()) {
      now = channel_status::cancelled;
    } else if (how.deadline && *how.deadline <= clock::now()) {
      now = channel_status::timed_out;
    } else if (!how.waits) {
      now = channel_status::would_block;
    } else {
      (from != nullptr ? senders_ : receivers_).push_back(&mine);
    }
    lock.unlock();
    if (now) {
      return *now;
    }
    std::stop_callback stopping(
        how.stop, [&] { leave(mine, channel_status::cancelled); });
    if (!how.deadline) {
      mine.woken.acquire();
    } else if (!mine.woken.try_acquire_until(*how.deadline)) {
      leave(mine, channel_status::timed_out);
      mine.woken
          .acquire();  // released by the thread that ended this call
    }
    guard_.lock();  // the thread that ended it is done
    const channel_status result = *mine.result;
    guard_.unlock();
    return result;
  }

  const std::size_t room_;

  // guard_ guards every field below it.
  flag_guard guard_;
  std::deque<T> values_;
  std::deque<node*> senders_;
  std::deque<node*> receivers_;
  bool closed_ = false;
};

}  // namespace workbook
