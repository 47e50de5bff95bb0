// A correct pool whose line is made of promises: who cannot be served
// at once waits for a future, and whoever has something, or news, keeps
// the first promise in the line. No condition variable is used.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>
#include <vector>

#include "resource_pool_types.hpp"

namespace workbook {

// A resource with its age: shared by pool, lease and line.
template <typename T>
struct aged {
  std::unique_ptr<T> object = nullptr;
  std::chrono::steady_clock::time_point born = {};
  std::chrono::steady_clock::time_point since = {};
};

// How a lease gives back: what, and whether it is to be destroyed (2),
// forgotten (1), or kept (0).
template <typename T>
using way_back = std::function<void(aged<T>, int)>;

template <typename T>
class lease {
 public:
  lease() = default;
  lease(aged<T> what, way_back<T> back)
      : what_(std::move(what)), back_(std::move(back)) {}
  lease(lease&& other) noexcept
      : what_(std::move(other.what_)), back_(std::move(other.back_)) {}
  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      end(0);
      what_ = std::move(other.what_);
      back_ = std::move(other.back_);
    }
    return *this;
  }
  ~lease() { end(0); }
  explicit operator bool() const noexcept {
    return what_.object != nullptr;
  }
  T& operator*() const { return *what_.object; }
  T* operator->() const { return what_.object.get(); }
  void invalidate() noexcept { end(2); }
  std::unique_ptr<T> detach() && noexcept {
    std::unique_ptr<T> object = std::move(what_.object);
    if (object) {
      back_({}, 1);
    }
    return object;
  }

 private:
  void end(int how) noexcept {
    if (what_.object) {
      back_(std::move(what_), how);
    }
  }

  aged<T> what_;
  way_back<T> back_;
};

template <typename T>
struct acquire_result {
  acquire_status status = acquire_status::closed;
  workbook::lease<T> lease = {};
  explicit operator bool() const noexcept { return !!lease; }
};

template <typename T>
class resource_pool {
  struct given {
    acquire_status status;
    aged<T> what = {};
  };
  using line = std::list<std::promise<given>>;
  using many = std::vector<aged<T>>;

 public:
  using clock = std::chrono::steady_clock;
  struct pool_closed : std::runtime_error {
    pool_closed() : std::runtime_error("closed") {}
  };

  explicit resource_pool(resource_pool_options<T> options)
      : inner_(std::make_shared<inner>(std::move(options))) {}
  resource_pool(const resource_pool&) = delete;
  resource_pool& operator=(const resource_pool&) = delete;
  ~resource_pool() { close(); }

  lease<T> acquire() {
    auto got = lend(true, {}, {});
    return got ? std::move(got.lease) : throw pool_closed();
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
    if (limit > std::chrono::hours(100'000)) {
      return acquire(stop);
    }
    if (limit < limit.zero()) {
      return acquire_until(clock::now(), stop);
    }
    return acquire_until(
        clock::now() + std::chrono::ceil<clock::duration>(limit), stop);
  }
  void close() { inner_->close(); }
  void resize(std::size_t capacity) { inner_->resize(capacity); }
  std::size_t prune() { return inner_->prune(); }
  resource_pool_stats stats() const { return inner_->stats(); }

 private:
  class inner {
   public:
    explicit inner(resource_pool_options<T> wanted)
        : options(std::move(wanted)), capacity_(options.capacity) {
      if (options.capacity < 1 || !options.factory) {
        throw std::invalid_argument("resource_pool");
      }
    }

    given take(bool wait, const std::stop_token& stop,
               std::optional<clock::time_point> deadline) {
      std::unique_lock lock(mutex_);
      if (closed_) {
        return {acquire_status::closed};
      }
      if (stop.stop_requested()) {
        return {acquire_status::cancelled};
      }
      if (is_something()) {
        return pick();
      }
      if (!wait) {
        return {acquire_status::busy};
      }
      std::future<given> mine = line_.emplace_back().get_future();
      const auto place = std::prev(line_.end());
      // Both are touched under the lock only: place as long as waits.
      const auto waits = std::make_shared<bool>(true);
      watched_[&*place] = waits;
      lock.unlock();
      const auto leave = [&](acquire_status why) {
        std::scoped_lock again(mutex_);
        if (*waits) {
          keep(place, {why});
        }
      };
      std::stop_callback on_stop(
          stop, [&] { leave(acquire_status::cancelled); });
      if (deadline &&
          mine.wait_until(*deadline) == std::future_status::timeout) {
        leave(stop.stop_requested() ? acquire_status::cancelled
                                    : acquire_status::timed_out);
      }
      return mine.get();
    }

    void back(aged<T> what, int how) {
      many gone;
      {
        std::scoped_lock lock(mutex_);
        if (how == 0 && !closed_ && used_ <= capacity_) {
          what.since = clock::now();
          idle_.push_back(std::move(what));
        } else {
          --used_;
          if (how != 1) {
            ++dying_;
            gone.push_back(std::move(what));
          }
        }
        serve();
      }
      bury(gone);
    }

    void close() {
      many gone;
      {
        std::scoped_lock lock(mutex_);
        closed_ = true;
        while (!line_.empty()) {
          keep(line_.begin(), {acquire_status::closed});
        }
        cull(gone, [](const aged<T>&) { return true; });
      }
      bury(gone);
    }

    void resize(std::size_t capacity) {
      if (capacity < 1) {
        throw std::invalid_argument("resize");
      }
      many gone;
      {
        std::scoped_lock lock(mutex_);
        capacity_ = capacity;
        cull(gone, [&](const aged<T>&) { return used_ > capacity_; });
        serve();
      }
      bury(gone);
    }

    std::size_t prune() {
      many gone;
      {
        std::scoped_lock lock(mutex_);
        const auto now = clock::now();
        cull(gone, [&](const aged<T>& each) {
          return now - each.born >= options.max_lifetime;
        });
        std::size_t left = idle_.size();
        cull(gone, [&](const aged<T>& each) {
          return left > options.min_idle &&
                 now - each.since >= options.max_idle_time &&
                 left-- > 0;
        });
      }
      const std::size_t count = gone.size();
      bury(gone);
      return count;
    }

    bool is_open() {
      std::scoped_lock lock(mutex_);
      return !closed_;
    }

    resource_pool_stats stats() {
      std::scoped_lock lock(mutex_);
      return {capacity_, used_ + dying_, idle_.size(), line_.size(),
              created};
    }

    const resource_pool_options<T> options;
    std::atomic<std::size_t> created = 0;

   private:
    bool is_something() const {
      return !idle_.empty() || used_ + dying_ < capacity_;
    }
    given pick() {
      given got = {acquire_status::acquired};
      if (idle_.empty()) {
        ++used_;
      } else if (options.order == idle_order::fifo) {
        got.what = std::move(idle_.front());
        idle_.pop_front();
      } else {
        got.what = std::move(idle_.back());
        idle_.pop_back();
      }
      return got;
    }
    void serve() {
      while (!line_.empty() && is_something()) {
        keep(line_.begin(), pick());
      }
    }
    void keep(typename line::iterator first, given what) {
      *watched_[&*first] = false;
      watched_.erase(&*first);
      std::promise<given> promise = std::move(*first);
      line_.erase(first);
      promise.set_value(std::move(what));
    }
    template <typename Goes>
    void cull(many& gone, Goes goes) {
      std::deque<aged<T>> stay;
      for (aged<T>& each : idle_) {
        if (goes(each)) {
          --used_;
          ++dying_;
          gone.push_back(std::move(each));
        } else {
          stay.push_back(std::move(each));
        }
      }
      idle_.swap(stay);
    }
    void bury(many& gone) {
      if (!gone.empty()) {
        const std::size_t count = gone.size();
        gone.clear();
        std::scoped_lock lock(mutex_);
        dying_ -= count;
        serve();
      }
    }

    std::mutex mutex_;  // guards every field below
    std::size_t capacity_;
    std::size_t used_ = 0;
    std::size_t dying_ = 0;
    bool closed_ = false;
    std::deque<aged<T>> idle_;
    line line_;
    std::map<void*, std::shared_ptr<bool>> watched_;
  };

  acquire_result<T> lend(bool wait, std::stop_token stop,
                         std::optional<clock::time_point> deadline) {
    inner& in = *inner_;
    given got = in.take(wait, stop, deadline);
    if (got.status != acquire_status::acquired) {
      return {got.status};
    }
    aged<T>& what = got.what;
    try {
      if (what.object &&
          (clock::now() - what.born >= in.options.max_lifetime ||
           (in.options.validate &&
            !in.options.validate(*what.object)))) {
        what = {};
      }
      if (!what.object && in.is_open()) {
        what.object = in.options.factory();
        what.born = clock::now();
        ++in.created;
        if (!what.object) {
          throw std::logic_error("null");
        }
      }
    } catch (...) {
      const int how = what.object ? 2 : 1;
      in.back(std::move(what), how);
      throw;
    }
    if (!in.is_open()) {
      const int how = what.object ? 2 : 1;
      in.back(std::move(what), how);
      return {acquire_status::closed};
    }
    return {acquire_status::acquired,
            lease<T>(std::move(what),
                     [home = inner_](aged<T> back, int how) {
                       home->back(std::move(back), how);
                     })};
  }

  std::shared_ptr<inner> inner_;
};

}  // namespace workbook
