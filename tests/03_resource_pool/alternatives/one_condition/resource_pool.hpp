// A correct pool with one mutex and one condition for all: every change
// wakes everybody, and who looks takes only when its ticket is the
// lowest. Resources stay idle until the right caller comes.

#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <utility>
#include <vector>

#include "resource_pool_types.hpp"

namespace workbook {

template <typename T>
class resource_pool;

template <typename T>
class lease {
 public:
  lease() = default;
  lease(lease&& other) noexcept { swap(other); }
  lease& operator=(lease&& other) noexcept {
    lease(std::move(other)).swap(*this);
    return *this;
  }
  ~lease() {
    if (object_) {
      state_->put_back(std::move(object_), born_);
    }
  }
  explicit operator bool() const noexcept { return !!object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_.get(); }
  void invalidate() noexcept {
    if (object_) {
      state_->discard(std::move(object_));
    }
  }
  std::unique_ptr<T> detach() && noexcept {
    if (object_) {
      state_->free(0);
    }
    return std::move(object_);
  }

 private:
  friend class resource_pool<T>;
  using clock = std::chrono::steady_clock;
  using state = typename resource_pool<T>::state;

  lease(std::shared_ptr<state> from, std::unique_ptr<T> object,
        clock::time_point born)
      : state_(std::move(from)),
        object_(std::move(object)),
        born_(born) {}

  void swap(lease& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(object_, other.object_);
    std::swap(born_, other.born_);
  }

  std::shared_ptr<state> state_;
  std::unique_ptr<T> object_;
  clock::time_point born_ = {};
};

template <typename T>
struct acquire_result {
  acquire_status status = acquire_status::closed;
  workbook::lease<T> lease = {};
  explicit operator bool() const noexcept { return !!lease; }
};

template <typename T>
class resource_pool {
 public:
  using clock = std::chrono::steady_clock;
  class pool_closed : public std::runtime_error {
   public:
    pool_closed() : std::runtime_error("closed") {}
  };

  explicit resource_pool(resource_pool_options<T> options)
      : state_(std::make_shared<state>(std::move(options))) {}
  resource_pool(const resource_pool&) = delete;
  resource_pool& operator=(const resource_pool&) = delete;
  ~resource_pool() { close(); }

  lease<T> acquire() {
    acquire_result<T> got = lend(true, {}, {});
    if (!got) {
      throw pool_closed();
    }
    return std::move(got.lease);
  }
  acquire_result<T> acquire(std::stop_token stop) {
    return lend(true, stop, {});
  }
  acquire_result<T> try_acquire(std::stop_token stop = {}) {
    return lend(false, stop, {});
  }
  acquire_result<T> acquire_until(clock::time_point deadline,
                                  std::stop_token stop = {}) {
    return lend(true, stop, deadline);
  }
  template <typename Rep, typename Period>
  acquire_result<T> acquire_for(
      std::chrono::duration<Rep, Period> limit,
      std::stop_token stop = {}) {
    constexpr std::chrono::hours century(876'600);
    if (limit > century) {
      return lend(true, stop, {});
    }
    if (limit < limit.zero()) {
      return lend(true, stop, clock::now());
    }
    return lend(
        true, stop,
        clock::now() + std::chrono::ceil<clock::duration>(limit));
  }

  void close() {
    std::vector<kept> gone;
    {
      std::scoped_lock lock(state_->mutex);
      state_->closed = true;
      state_->changed.notify_all();
      state_->take_idle(gone, state_->idle.size());
    }
    state_->destroy(gone);
  }
  void resize(std::size_t capacity) {
    if (capacity == 0) {
      throw std::invalid_argument("capacity");
    }
    std::vector<kept> gone;
    {
      std::scoped_lock lock(state_->mutex);
      state_->capacity = capacity;
      while (state_->used > capacity && !state_->idle.empty()) {
        state_->take_idle(gone, 1);
      }
      state_->changed.notify_all();
    }
    state_->destroy(gone);
  }
  std::size_t prune() {
    std::vector<kept> gone;
    {
      std::scoped_lock lock(state_->mutex);
      const auto now = clock::now();
      auto& idle = state_->idle;
      for (std::size_t i = idle.size(); i-- > 0;) {
        if (now - idle[i].born >= state_->options.max_lifetime) {
          std::rotate(idle.begin(), idle.begin() + std::ptrdiff_t(i),
                      idle.begin() + std::ptrdiff_t(i) + 1);
          state_->take_idle(gone, 1);
          ++i;
          i = std::min(i, idle.size());
        }
      }
      while (idle.size() > state_->options.min_idle &&
             now - idle.front().since >=
                 state_->options.max_idle_time) {
        state_->take_idle(gone, 1);
      }
    }
    const std::size_t count = gone.size();
    state_->destroy(gone);
    return count;
  }
  resource_pool_stats stats() const {
    std::scoped_lock lock(state_->mutex);
    return {state_->capacity, state_->used + state_->dying,
            state_->idle.size(), state_->tickets.size(),
            state_->created};
  }

 private:
  friend class lease<T>;

  struct kept {
    std::unique_ptr<T> object;
    clock::time_point born;
    clock::time_point since;
  };

  struct state {
    explicit state(resource_pool_options<T> wanted)
        : options(std::move(wanted)), capacity(options.capacity) {
      if (capacity == 0 || !options.factory) {
        throw std::invalid_argument("options");
      }
    }

    bool available() const {
      return !idle.empty() || used + dying < capacity;
    }
    void take_idle(std::vector<kept>& gone, std::size_t count) {
      for (; count > 0; --count) {
        gone.push_back(std::move(idle.front()));
        idle.pop_front();
        --used;
        ++dying;
      }
    }
    // Frees the slots of `dead` dying ones, or one used slot.
    void free(std::size_t dead) {
      std::scoped_lock lock(mutex);
      (dead == 0 ? used : dying) -= dead == 0 ? 1 : dead;
      changed.notify_all();
    }
    void destroy(std::vector<kept>& gone) {
      const std::size_t count = gone.size();
      if (count != 0) {
        gone.clear();
        free(count);
      }
    }
    void discard(std::unique_ptr<T> object) {
      {
        std::scoped_lock lock(mutex);
        --used;
        ++dying;
      }
      object.reset();
      free(1);
    }
    void put_back(std::unique_ptr<T> object, clock::time_point born) {
      {
        std::scoped_lock lock(mutex);
        if (!closed && used <= capacity) {
          idle.push_back({std::move(object), born, clock::now()});
          changed.notify_all();
          return;
        }
        // Under the same lock: who comes next must not count it again.
        --used;
        ++dying;
      }
      object.reset();
      free(1);
    }

    const resource_pool_options<T> options;
    std::mutex mutex;
    std::condition_variable changed;  // anything below
    std::size_t capacity;
    std::size_t used = 0;
    std::size_t dying = 0;
    std::size_t created = 0;
    std::deque<kept> idle;
    std::set<std::uint64_t> tickets;
    std::uint64_t next_ticket = 0;
    bool closed = false;
  };

  acquire_result<T> lend(bool wait, std::stop_token stop,
                         std::optional<clock::time_point> deadline) {
    state& s = *state_;
    // Before the lock: it may call back at once, and its end waits for
    // a call that is under way.
    std::stop_callback wake(stop, [&s] {
      std::scoped_lock lock(s.mutex);
      s.changed.notify_all();
    });
    kept got = {};
    {
      std::unique_lock lock(s.mutex);
      const std::uint64_t mine = s.next_ticket++;
      const auto first = s.tickets.insert(mine).first;
      const auto leave = [&](acquire_status why) {
        s.tickets.erase(first);
        s.changed.notify_all();
        return why;
      };
      bool late = false;
      for (;;) {
        if (s.closed) {
          return {leave(acquire_status::closed)};
        }
        if (stop.stop_requested()) {
          return {leave(acquire_status::cancelled)};
        }
        if (*s.tickets.begin() == mine && s.available()) {
          break;
        }
        if (!wait || late) {
          return {leave(wait ? acquire_status::timed_out
                             : acquire_status::busy)};
        }
        if (!deadline) {
          s.changed.wait(lock);
        } else {
          late = s.changed.wait_until(lock, *deadline) ==
                 std::cv_status::timeout;
        }
      }
      if (s.idle.empty()) {
        ++s.used;
      } else if (s.options.order == idle_order::lifo) {
        got = std::move(s.idle.back());
        s.idle.pop_back();
      } else {
        got = std::move(s.idle.front());
        s.idle.pop_front();
      }
      (void)leave(acquire_status::acquired);
    }
    return ensure_valid(std::move(got));
  }

  // With the slot in hand, without the lock.
  acquire_result<T> ensure_valid(kept got) {
    state& s = *state_;
    try {
      if (got.object &&
          (clock::now() - got.born >= s.options.max_lifetime ||
           (s.options.validate && !s.options.validate(*got.object)))) {
        got.object.reset();
      }
      if (!got.object && is_open()) {
        got.object = s.options.factory();
        if (!got.object) {
          throw std::logic_error("null");
        }
        got.born = clock::now();
        std::scoped_lock lock(s.mutex);
        ++s.created;
      }
    } catch (...) {
      give_up(std::move(got));
      throw;
    }
    if (!is_open()) {
      give_up(std::move(got));
      return {acquire_status::closed};
    }
    return {acquire_status::acquired,
            lease<T>(state_, std::move(got.object), got.born)};
  }
  void give_up(kept got) {
    if (got.object) {
      state_->discard(std::move(got.object));
    } else {
      state_->free(0);
    }
  }
  bool is_open() const {
    std::scoped_lock lock(state_->mutex);
    return !state_->closed;
  }

  std::shared_ptr<state> state_;
};

}  // namespace workbook
