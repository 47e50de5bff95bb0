// A correct channel on bare pthreads: linked cells for what is stored,
// a linked list of the senders that wait, and two conditions that are
// always broadcast.

#pragma once

#include <pthread.h>
#include <time.h>

#include <chrono>
#include <cstddef>
#include <memory>
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

  explicit channel(std::size_t capacity = 0) : capacity_(capacity) {
    pthread_mutex_init(&mutex_, nullptr);
    pthread_cond_init(&for_senders_, nullptr);
    pthread_cond_init(&for_receivers_, nullptr);
  }
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel() {
    pthread_cond_destroy(&for_receivers_);
    pthread_cond_destroy(&for_senders_);
    pthread_mutex_destroy(&mutex_);
  }

  channel_status send(T&& value) { return put(value, {}, nullptr); }
  channel_status send(T&& value, std::stop_token stop) {
    return put(value, std::move(stop), nullptr);
  }
  channel_status try_send(T&& value) {
    return put(value, {}, nullptr, true);
  }
  channel_status send_until(T&& value, clock::time_point deadline,
                            std::stop_token stop = {}) {
    return put(value, std::move(stop), &deadline);
  }
  channel_status send_for(T&& value, clock::duration timeout,
                          std::stop_token stop = {}) {
    const auto deadline = from_now(timeout);
    return put(value, std::move(stop), &deadline);
  }

  std::optional<T> receive() { return get({}, nullptr).value; }
  receive_result<T> receive(std::stop_token stop) {
    return get(std::move(stop), nullptr);
  }
  receive_result<T> try_receive() { return get({}, nullptr, true); }
  receive_result<T> receive_until(clock::time_point deadline,
                                  std::stop_token stop = {}) {
    return get(std::move(stop), &deadline);
  }
  receive_result<T> receive_for(clock::duration timeout,
                                std::stop_token stop = {}) {
    const auto deadline = from_now(timeout);
    return get(std::move(stop), &deadline);
  }

  void close() noexcept {
    pthread_mutex_lock(&mutex_);
    closed_ = true;
    for (want* each = first_; each != nullptr; each = each->next) {
      each->linked = false;
    }
    first_ = nullptr;
    wake_all();
    pthread_mutex_unlock(&mutex_);
  }

 private:
  struct want {
    T* value;
    want* next = nullptr;
    bool linked = false;
    bool met = false;
  };

  struct mutex_guard {
    explicit mutex_guard(pthread_mutex_t& m) : mutex(m) {
      pthread_mutex_lock(&mutex);
    }
    ~mutex_guard() { pthread_mutex_unlock(&mutex); }
    pthread_mutex_t& mutex;
  };

  static clock::time_point from_now(clock::duration timeout) {
    const auto now = clock::now();
    return clock::time_point::max() - now < timeout
               ? clock::time_point::max()
               : now + timeout;
  }

  void wake_all() {
    pthread_cond_broadcast(&for_senders_);
    pthread_cond_broadcast(&for_receivers_);
  }

  // Sleeps once, or says why not. The caller holds mutex_.
  channel_status sleep(pthread_cond_t& where,
                       const std::stop_token& stop,
                       const clock::time_point* deadline, bool never) {
    if (closed_) {
      return channel_status::closed;
    }
    if (stop.stop_requested()) {
      return channel_status::cancelled;
    }
    if (never) {
      return channel_status::would_block;
    }
    if (deadline == nullptr) {
      pthread_cond_wait(&where, &mutex_);
      return channel_status::ok;
    }
    if (*deadline <= clock::now()) {
      return channel_status::timed_out;
    }
    const auto since = deadline->time_since_epoch();
    const auto whole =
        std::chrono::duration_cast<std::chrono::seconds>(since);
    timespec until;
    until.tv_sec = whole.count();
    until.tv_nsec = (since - whole).count();
    pthread_cond_clockwait(&where, &mutex_, CLOCK_MONOTONIC, &until);
    return channel_status::ok;
  }

  channel_status put(T& value, std::stop_token stop,
                     const clock::time_point* deadline,
                     bool never = false) {
    want mine{&value};
    std::stop_callback waker(stop, [this] {
      mutex_guard guard(mutex_);
      wake_all();
    });
    mutex_guard guard(mutex_);
    for (;;) {
      if (mine.met) {
        return channel_status::ok;
      }
      if (!closed_ && !mine.linked && has_place()) {
        store(value);
        return channel_status::ok;
      }
      if (!closed_ && !mine.linked) {
        link(mine);
      }
      const auto status = sleep(for_senders_, stop, deadline, never);
      if (status != channel_status::ok) {
        unlink(mine);
        return status;
      }
    }
  }

  receive_result<T> get(std::stop_token stop,
                        const clock::time_point* deadline,
                        bool never = false) {
    std::optional<T> value;
    std::stop_callback waker(stop, [this] {
      mutex_guard guard(mutex_);
      wake_all();
    });
    mutex_guard guard(mutex_);
    while (!extract(value)) {
      ++asleep_;
      const auto status = sleep(for_receivers_, stop, deadline, never);
      --asleep_;
      if (status != channel_status::ok) {
        return {status, std::nullopt};
      }
    }
    return {channel_status::ok, std::move(value)};
  }

  struct cell {
    T value;
    std::unique_ptr<cell> next;
  };

  bool has_place() const {
    return count_ < capacity_ || count_ - capacity_ < asleep_;
  }

  // A receive must not allocate: it passes the cell that it emptied.
  void store(T& value, std::unique_ptr<cell> made = nullptr) {
    if (made == nullptr) {
      made.reset(new cell{std::move(value), nullptr});
    } else {
      std::destroy_at(&made->value);
      std::construct_at(&made->value, std::move(value));
    }
    cell* const added = made.get();
    (last_ == nullptr ? cells_ : last_->next) = std::move(made);
    last_ = added;
    ++count_;
    wake_all();
  }

  bool extract(std::optional<T>& value) {
    if (cells_ == nullptr && first_ == nullptr) {
      return false;
    }
    if (cells_ == nullptr) {
      want* const met = first_;
      value.emplace(std::move(*met->value));
      unlink(*met);
      met->met = true;
      wake_all();
      return true;
    }
    value.emplace(std::move(cells_->value));
    std::unique_ptr<cell> emptied = std::move(cells_);
    cells_ = std::move(emptied->next);
    last_ = cells_ == nullptr ? nullptr : last_;
    --count_;
    if (first_ != nullptr && has_place()) {
      want* const next = first_;
      unlink(*next);
      next->met = true;
      store(*next->value, std::move(emptied));
    }
    return true;
  }

  void link(want& mine) {
    want** end = &first_;
    while (*end != nullptr) {
      end = &(*end)->next;
    }
    *end = &mine;
    mine.linked = true;
  }

  void unlink(want& mine) {
    for (want** at = &first_; *at != nullptr; at = &(*at)->next) {
      if (*at == &mine) {
        *at = mine.next;
        break;
      }
    }
    mine.linked = false;
  }

  const std::size_t capacity_;
  pthread_mutex_t mutex_;
  pthread_cond_t for_senders_;
  pthread_cond_t for_receivers_;
  std::unique_ptr<cell> cells_;
  cell* last_ = nullptr;
  want* first_ = nullptr;
  std::size_t count_ = 0;
  std::size_t asleep_ = 0;  // receivers
  bool closed_ = false;
};

}  // namespace workbook
