// A correct pool without a mutex or a condition variable: a lock made
// of an atomic_flag, and an event count that rises with every change.
// Tasks lie on a stack, so the last one in is the first one out.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace workbook {

struct pool_closed : std::runtime_error {
  pool_closed() : std::runtime_error("pool_closed") {}
};

class task_pool {
 public:
  explicit task_pool(std::size_t max_workers) : max_(max_workers) {
    if (max_ < 1) {
      throw std::invalid_argument("max_workers < 1");
    }
  }
  task_pool(const task_pool&) = delete;
  task_pool& operator=(const task_pool&) = delete;
  ~task_pool() { shutdown(); }

  template <typename F, typename... Args>
  auto submit(F&& f, Args&&... args) {
    using R =
        std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    struct bound final : node {
      bound(F&& g, Args&&... given)
          : f(std::forward<F>(g)),
            args(std::in_place, std::forward<Args>(given)...) {}
      void run() override {
        try {
          if constexpr (std::is_void_v<R>) {
            std::apply(std::move(*f), std::move(*args));
            f.reset(), args.reset();
            promise.set_value();
          } else if constexpr (std::is_reference_v<R>) {
            R value = std::apply(std::move(*f), std::move(*args));
            promise.set_value(value);
          } else {
            // Here the closure is destroyed before the result is ready.
            R value = std::apply(std::move(*f), std::move(*args));
            f.reset(), args.reset();
            promise.set_value(std::move(value));
          }
        } catch (...) {
          promise.set_exception(std::current_exception());
        }
      }
      std::optional<std::decay_t<F>> f;
      std::optional<std::tuple<std::decay_t<Args>...>> args;
      std::promise<R> promise;
    };

    auto made = std::make_unique<bound>(std::forward<F>(f),
                                        std::forward<Args>(args)...);
    auto future = made->promise.get_future();
    admit(std::move(made));
    return future;
  }

  void wait_idle() {
    refuse_inside();
    locked state(*this);
    state.wait([&] { return in_flight_ == 0; });
  }

  void shutdown() {
    refuse_inside();
    std::vector<std::thread> mine;
    {
      locked state(*this);
      closed_ = true;
      mine.swap(threads_);
      state.changed();
    }
    for (std::thread& each : mine) {
      each.join();
    }
    locked state(*this);
    alive_ -= mine.size();
    state.changed();
    state.wait([&] { return alive_ == 0; });
  }

  std::size_t workers() const {
    locked state(*this);
    return alive_;
  }

  std::size_t running() const {
    locked state(*this);
    return in_flight_;
  }

 private:
  struct node {
    virtual ~node() = default;
    virtual void run() = 0;
    std::unique_ptr<node> below;
  };

  // Holds the lock while it lives.
  class locked {
   public:
    explicit locked(const task_pool& pool) : pool_(pool) { lock(); }
    locked(const locked&) = delete;
    locked& operator=(const locked&) = delete;
    ~locked() { unlock(); }

    void changed() {
      ++pool_.event_;
      pool_.event_.notify_all();
    }

    template <typename Predicate>
    void wait(Predicate predicate) {
      while (!predicate()) {
        const std::uint32_t seen = pool_.event_;
        unlock();
        pool_.event_.wait(seen);
        lock();
      }
    }

    void lock() {
      while (pool_.taken_.test_and_set()) {
        pool_.taken_.wait(true);
      }
    }

    void unlock() {
      pool_.taken_.clear();
      pool_.taken_.notify_one();
    }

   private:
    const task_pool& pool_;
  };

  void admit(std::unique_ptr<node> made) {
    locked state(*this);
    const bool inside = here_ == this;
    if (!closed_ && inside && in_flight_ == max_ &&
        waiting_tasks_ == max_ - 1) {
      state.unlock();
      made.reset();
      state.lock();
      throw deadlock();
    }
    waiting_tasks_ += inside;
    state.wait([&] { return closed_ || in_flight_ != max_; });
    waiting_tasks_ -= inside;
    try {
      if (closed_) {
        throw pool_closed();
      }
      if (in_flight_ == threads_.size()) {
        threads_.emplace_back(&task_pool::work, this);
        ++alive_;
      }
    } catch (...) {
      state.unlock();
      made.reset();
      state.lock();
      throw;
    }
    ++in_flight_;
    made->below = std::move(top_);
    top_ = std::move(made);
    state.changed();
  }

  void work() {
    here_ = this;
    locked state(*this);
    for (;;) {
      state.wait([&] { return closed_ || top_ != nullptr; });
      if (top_ == nullptr) {
        return;
      }
      std::unique_ptr<node> taken = std::move(top_);
      top_ = std::move(taken->below);
      state.unlock();
      taken->run();
      taken.reset();
      state.lock();
      --in_flight_;
      state.changed();
    }
  }

  static std::system_error deadlock() {
    return std::system_error(
        std::make_error_code(std::errc::resource_deadlock_would_occur));
  }

  void refuse_inside() const {
    if (here_ == this) {
      throw deadlock();
    }
  }

  static inline thread_local const task_pool* here_ = nullptr;

  const std::size_t max_;
  mutable std::atomic_flag taken_;                // set: locked
  mutable std::atomic<std::uint32_t> event_ = 0;  // changes so far

  // Everything below is guarded by taken_.
  bool closed_ = false;
  std::size_t in_flight_ = 0;
  std::size_t waiting_tasks_ = 0;
  std::size_t alive_ = 0;
  std::unique_ptr<node> top_;
  std::vector<std::thread> threads_;
};

}  // namespace workbook
