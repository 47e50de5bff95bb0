// A correct pool without a queue: each worker has a mailbox for one
// task, and submit puts the task into the box of an idle one.
// Submitters that find no room stand in line with a ticket, and a task
// that ends hands its place to the first of them.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace workbook {

struct pool_closed : std::runtime_error {
  pool_closed() : std::runtime_error("closed") {}
};

class task_pool {
 public:
  explicit task_pool(std::size_t max_workers) : most_(max_workers) {
    if (most_ == 0) {
      throw std::invalid_argument("no workers");
    }
  }
  task_pool(const task_pool&) = delete;
  task_pool& operator=(const task_pool&) = delete;
  ~task_pool() { shutdown(); }

  template <typename F, typename... Args>
  auto submit(F&& f, Args&&... args) {
    using R =
        std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    auto made = std::make_unique<
        letter_of<R, std::decay_t<F>, std::decay_t<Args>...>>(
        std::forward<F>(f), std::forward<Args>(args)...);
    auto future = made->promise.get_future();
    std::unique_ptr<letter> sealed = std::move(made);
    post(sealed);
    return future;
  }

  void wait_idle() {
    refuse_inside();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_flight_ == 0; });
  }

  void shutdown() {
    refuse_inside();
    std::unique_lock lock(mutex_);
    const bool first = !closed_;
    closed_ = true;
    for (ticket* each : line_) {
      each->called.release();
    }
    line_.clear();
    if (!first) {
      changed_.wait(lock, [&] { return workers_.empty(); });
      return;
    }
    changed_.wait(lock, [&] { return in_flight_ == 0; });
    lock.unlock();
    for (const auto& each : workers_) {  // no more are added
      each->mail.release();              // an empty letter
      each->thread.join();
    }
    lock.lock();
    workers_.clear();
    changed_.notify_all();
  }

  std::size_t workers() const {
    std::scoped_lock lock(mutex_);
    return workers_.size();
  }

  std::size_t running() const {
    std::scoped_lock lock(mutex_);
    return in_flight_;
  }

 private:
  struct letter {
    virtual ~letter() = default;
    virtual void open() = 0;
  };

  template <typename R, typename F, typename... Args>
  struct letter_of final : letter {
    template <typename G, typename... Given>
    explicit letter_of(G&& g, Given&&... given)
        : f(std::forward<G>(g)), args(std::forward<Given>(given)...) {}
    void open() override {
      try {
        if constexpr (std::is_void_v<R>) {
          std::apply(std::move(f), std::move(args));
          promise.set_value();
        } else {
          promise.set_value(std::apply(std::move(f), std::move(args)));
        }
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    }
    F f;
    std::tuple<Args...> args;
    std::promise<R> promise;
  };

  struct worker {
    std::unique_ptr<letter> box;
    std::binary_semaphore mail{0};
    std::thread thread;
  };

  // A submitter in line.
  struct ticket {
    bool inside;
    bool has_place = false;
    std::binary_semaphore called{0};
  };

  // Puts `sealed` into the box of an idle worker. If it throws, the
  // letter is still its caller's.
  void post(std::unique_ptr<letter>& sealed) {
    std::unique_lock lock(mutex_);
    if (closed_) {
      throw pool_closed();
    }
    const bool waited = in_flight_ == most_;
    if (waited) {
      stand_in_line(lock);
    }
    try {
      if (closed_) {
        throw pool_closed();
      }
      if (idle_.empty()) {
        hire();
      }
    } catch (...) {
      if (waited) {
        leave_place();
      }
      throw;
    }
    in_flight_ += waited ? 0 : 1;
    worker* const to = idle_.back();
    idle_.pop_back();
    to->box = std::move(sealed);
    to->mail.release();
  }

  // Comes back with a place, or when the pool is closed.
  void stand_in_line(std::unique_lock<std::mutex>& lock) {
    ticket mine{here_ == this};
    if (mine.inside && waiting_inside_ + 1 == in_flight_) {
      refuse_inside();
    }
    line_.push_back(&mine);
    waiting_inside_ += mine.inside ? 1 : 0;
    lock.unlock();
    mine.called.acquire();
    lock.lock();
    if (!mine.has_place) {
      throw pool_closed();
    }
  }

  // Hands the caller's place to the first in line, if there is one.
  void leave_place() {
    if (!line_.empty()) {
      ticket* const next = line_.front();
      line_.pop_front();
      waiting_inside_ -= next->inside ? 1 : 0;
      next->has_place = true;
      next->called.release();
    } else if (--in_flight_ == 0) {
      changed_.notify_all();
    }
  }

  void hire() {
    idle_.reserve(workers_.size() + 1);  // cannot fail later
    workers_.push_back(std::make_unique<worker>());
    try {
      worker* const me = workers_.back().get();
      me->thread = std::thread([this, me] { work(*me); });
    } catch (...) {
      workers_.pop_back();
      throw;
    }
    idle_.push_back(workers_.back().get());
  }

  void work(worker& me) {
    here_ = this;
    for (;;) {
      me.mail.acquire();
      if (me.box == nullptr) {
        return;
      }
      me.box->open();
      me.box.reset();
      std::scoped_lock lock(mutex_);
      idle_.push_back(&me);
      leave_place();
    }
  }

  void refuse_inside() const {
    if (here_ == this) {
      throw std::system_error(std::make_error_code(
          std::errc::resource_deadlock_would_occur));
    }
  }

  static inline thread_local const task_pool* here_ = nullptr;

  const std::size_t most_;
  mutable std::mutex mutex_;  // guards everything below, but no box
  std::condition_variable changed_;  // in_flight_ or workers_ is empty
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<worker*> idle_;  // whose boxes are empty
  std::list<ticket*> line_;
  std::size_t in_flight_ = 0;  // places taken
  std::size_t waiting_inside_ = 0;
  bool closed_ = false;
};

}  // namespace workbook
