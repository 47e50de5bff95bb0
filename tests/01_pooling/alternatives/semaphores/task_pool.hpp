// A correct pool that blocks in semaphores, and an atomic flag: whoever
// ends a task hands the place, and the task itself, to the next one in
// the queue ("passing the baton"): submitters come in by turns.
//
// Every semaphore is binary. A counting_semaphore for the tasks would
// be shorter, but release() of libstdc++ before 13 wakes nobody while
// the counter is above 0, also if more threads wait (GCC bug 104928).

#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <exception>
#include <future>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace workbook {

class pool_closed : public std::logic_error {
 public:
  pool_closed() : std::logic_error("closed") {}
};

// The state is guarded by an atomic flag. A binary_semaphore would
// do, but of one that several threads acquire libstdc++ 12 can lose a
// wakeup: an acquire that read 1 and came too late waits for the 1 to
// change.
class flag_guard {
 public:
  void acquire() {
    while (held_.test_and_set()) {
      held_.wait(true);
    }
  }
  void release() {
    held_.clear();
    held_.notify_one();
  }

 private:
  std::atomic_flag held_;
};

class task_pool {
 public:
  explicit task_pool(std::size_t max_workers) : max_(max_workers) {
    if (max_workers == 0) {
      throw std::invalid_argument("max_workers");
    }
  }
  task_pool(const task_pool&) = delete;
  task_pool& operator=(const task_pool&) = delete;
  ~task_pool() { shutdown(); }

  template <typename F, typename... Args>
  auto submit(F&& f, Args&&... args) {
    using result =
        std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    auto made = std::make_unique<
        job<result, std::decay_t<F>, std::decay_t<Args>...>>(
        std::forward<F>(f), std::forward<Args>(args)...);
    std::future<result> future = made->promise.get_future();
    enter(std::move(made));
    return future;
  }

  void wait_idle() {
    refuse_inside();
    guard_.acquire();
    if (in_flight_ == 0) {
      guard_.release();
      return;
    }
    wait_in(idle_waiters_);
    guard_.release();
  }

  void shutdown() {
    refuse_inside();
    guard_.acquire();
    if (state_ == state::open) {
      state_ = state::closing;
      while (!room_waiters_.empty()) {
        room_waiters_.front()->refused = true;
        wake_first(room_waiters_);
      }
      while (!idle_workers_.empty()) {
        wake_first(idle_workers_);
      }
      guard_.release();
      for (std::thread& each : threads_) {
        each.join();
      }
      guard_.acquire();
      threads_.clear();
      state_ = state::closed;
      while (!end_waiters_.empty()) {
        wake_first(end_waiters_);
      }
    } else if (state_ == state::closing) {
      wait_in(end_waiters_);
    }
    guard_.release();
  }

  std::size_t workers() const {
    guard_.acquire();
    const std::size_t count = threads_.size();
    guard_.release();
    return count;
  }

  std::size_t running() const {
    guard_.acquire();
    const std::size_t count = in_flight_;
    guard_.release();
    return count;
  }

 private:
  struct any_job {
    virtual ~any_job() = default;
    virtual void run() = 0;
    std::unique_ptr<any_job> next;
  };

  template <typename Result, typename F, typename... Args>
  struct job final : any_job {
    template <typename G, typename... Given>
    explicit job(G&& g, Given&&... given)
        : f(std::forward<G>(g)), args(std::forward<Given>(given)...) {}

    void run() override {
      try {
        if constexpr (std::is_void_v<Result>) {
          std::apply(std::move(f), std::move(args));
          promise.set_value();
        } else {
          promise.set_value(std::apply(std::move(f), std::move(args)));
        }
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    }

    std::promise<Result> promise;
    F f;
    std::tuple<Args...> args;
  };

  // One blocked thread; lives on its stack. Whoever wakes it holds
  // guard_ until it is done with it.
  struct waiter {
    std::binary_semaphore wake{0};
    std::unique_ptr<any_job> wanted;
    bool inside = false;
    bool refused = false;
  };

  enum class state { open, closing, closed };

  // The caller holds guard_, and holds it again afterwards.
  void wait_in(std::deque<waiter*>& queue) {
    waiter self;
    queue.push_back(&self);
    guard_.release();
    self.wake.acquire();
    guard_.acquire();
  }

  // The caller holds guard_.
  static void wake_first(std::deque<waiter*>& queue) {
    waiter* const first = queue.front();
    queue.pop_front();
    first->wake.release();
  }

  void enter(std::unique_ptr<any_job> wanted) {
    waiter self;
    self.wanted = std::move(wanted);
    self.inside = mine_ == this;
    guard_.acquire();
    try {
      enter_guarded(self);
    } catch (...) {
      guard_.release();
      throw;
    }
    guard_.release();
  }

  void enter_guarded(waiter& self) {
    if (state_ != state::open) {
      throw pool_closed();
    }
    if (in_flight_ < max_) {
      if (threads_.size() <= in_flight_) {
        threads_.emplace_back([this] { work(); });
      }
      ++in_flight_;
      enqueue(std::move(self.wanted));
      return;
    }
    if (self.inside && blocked_tasks_ == in_flight_ - 1) {
      throw_deadlock();
    }
    room_waiters_.push_back(&self);
    blocked_tasks_ += self.inside ? 1 : 0;
    guard_.release();
    self.wake.acquire();
    guard_.acquire();
    if (self.refused) {
      blocked_tasks_ -= self.inside ? 1 : 0;
      throw pool_closed();
    }
  }

  // The caller holds guard_.
  void enqueue(std::unique_ptr<any_job> accepted) {
    any_job* const added = accepted.get();
    (last_ == nullptr ? first_ : last_->next) = std::move(accepted);
    last_ = added;
    if (!idle_workers_.empty()) {
      wake_first(idle_workers_);
    }
  }

  void work() {
    mine_ = this;
    guard_.acquire();
    for (;;) {
      while (first_ == nullptr && state_ == state::open) {
        wait_in(idle_workers_);
      }
      std::unique_ptr<any_job> taken = std::move(first_);
      if (taken == nullptr) {
        break;
      }
      first_ = std::move(taken->next);
      last_ = first_ == nullptr ? nullptr : last_;
      guard_.release();
      taken->run();
      taken.reset();
      guard_.acquire();
      leave();
    }
    guard_.release();
  }

  // The caller holds guard_. The place goes to the next submitter.
  void leave() {
    if (!room_waiters_.empty()) {
      waiter* const next = room_waiters_.front();
      blocked_tasks_ -= next->inside ? 1 : 0;
      enqueue(std::move(next->wanted));
      wake_first(room_waiters_);
      return;
    }
    if (--in_flight_ == 0) {
      while (!idle_waiters_.empty()) {
        wake_first(idle_waiters_);
      }
    }
  }

  void refuse_inside() const {
    if (mine_ == this) {
      throw_deadlock();
    }
  }

  [[noreturn]] static void throw_deadlock() {
    throw std::system_error(
        std::make_error_code(std::errc::resource_deadlock_would_occur));
  }

  static inline thread_local const task_pool* mine_ = nullptr;

  const std::size_t max_;

  // guard_ guards every field below it.
  mutable flag_guard guard_;
  state state_ = state::open;
  std::size_t in_flight_ = 0;
  std::size_t blocked_tasks_ = 0;
  std::unique_ptr<any_job> first_;
  any_job* last_ = nullptr;
  std::deque<waiter*> idle_workers_;
  std::deque<waiter*> room_waiters_;
  std::deque<waiter*> idle_waiters_;
  std::deque<waiter*> end_waiters_;
  std::vector<std::thread> threads_;
};

}  // namespace workbook
