// A correct pool on bare pthreads, without a channel: an idle worker
// has a slot, a waiting caller a place in a queue, each with a
// condition of its own. A hand-off is one critical section, so that a
// count tells exactly how many tasks are blocked.

#pragma once

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "04_worker_pool/run_status.hpp"

namespace workbook {

class worker_pool {
 public:
  class task {
   public:
    task() = default;
    template <typename F>
    requires(!std::is_same_v<F, task>) task(F f)
        : call_(std::move(f)) {}
    void operator()() {
      auto result = call_.get_future();
      call_();
      result.get();
    }
    explicit operator bool() const { return call_.valid(); }

   private:
    std::packaged_task<void()> call_;
  };
  using error_handler = std::function<void(std::exception_ptr)>;

  explicit worker_pool(std::size_t workers,
                       error_handler on_error = nullptr)
      : all_(workers), on_error_(std::move(on_error)) {
    if (workers == 0) {
      throw std::invalid_argument("workers");
    }
    threads_.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) {
      pthread_t started{};
      const int error =
          pthread_create(&started, nullptr, &worker_pool::main, this);
      if (error != 0) {
        join_all();
        throw std::system_error(error, std::generic_category());
      }
      threads_.push_back(started);
    }
  }
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool() {
    shutdown();
    pthread_mutex_destroy(&joining_);
    pthread_mutex_destroy(&mutex_);
  }

  [[nodiscard]] run_status run(task&& job) {
    return enter(job, {}, nullptr, true);
  }

  [[nodiscard]] run_status run(task&& job, std::stop_token stop) {
    return enter(job, std::move(stop), nullptr, false);
  }

  [[nodiscard]] run_status run_for(task&& job,
                                   std::chrono::nanoseconds limit) {
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &end);
    constexpr std::chrono::nanoseconds none{0};
    constexpr std::chrono::nanoseconds a_century =
        std::chrono::hours(876'000);
    const auto sum = std::chrono::nanoseconds(end.tv_nsec) +
                     std::clamp(limit, none, a_century);
    end.tv_sec += static_cast<std::time_t>(sum.count() / 1'000'000'000);
    end.tv_nsec = static_cast<long>(sum.count() % 1'000'000'000);
    return enter(job, {}, &end, false);
  }

  [[nodiscard]] run_status try_run(task&& job) {
    guard lock(mutex_);
    if (closed_) {
      return run_status::closed;
    }
    return give(job) ? run_status::ok : run_status::would_block;
  }

  void shutdown() {
    if (mine_ == this) {
      throw std::system_error(std::make_error_code(
          std::errc::resource_deadlock_would_occur));
    }
    guard joining(joining_);
    join_all();
    if (auto error = std::exchange(error_, nullptr)) {
      std::rethrow_exception(error);
    }
  }

 private:
  class guard {
   public:
    explicit guard(pthread_mutex_t& mutex) : mutex_(mutex) {
      pthread_mutex_lock(&mutex_);
    }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() { pthread_mutex_unlock(&mutex_); }

   private:
    pthread_mutex_t& mutex_;
  };

  // One thread that waits, with its own condition; on its stack.
  struct place {
    place() { pthread_cond_init(&changed, nullptr); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() { pthread_cond_destroy(&changed); }

    pthread_cond_t changed{};
    task* job = nullptr;  // a caller's
    task taken;           // a worker's
    bool done = false;
    bool counted = false;
    run_status status = run_status::ok;
  };

  // ---- The caller of each of these holds mutex_. ----

  static void finish(place& of, run_status status) {
    of.status = status;
    of.done = true;
    pthread_cond_signal(&of.changed);
  }

  bool give(task& job) {
    if (idle_.empty()) {
      return false;
    }
    place& worker = *idle_.back();
    idle_.pop_back();
    worker.taken = std::move(job);
    finish(worker, run_status::ok);
    return true;
  }

  void leave(place& caller, run_status status) {
    const auto found =
        std::find(callers_.begin(), callers_.end(), &caller);
    if (found != callers_.end()) {
      callers_.erase(found);
      finish(caller, status);
    }
  }

  run_status enter(task& job, std::stop_token stop,
                   const timespec* until, bool counts) {
    place self;
    self.job = &job;
    {
      guard lock(mutex_);
      if (closed_) {
        return run_status::closed;
      }
      if (give(job)) {
        return run_status::ok;
      }
      self.counted = counts && mine_ == this;
      if (self.counted && blocked_ + 1 == all_) {
        return run_status::would_deadlock;
      }
      blocked_ += self.counted ? 1 : 0;
      callers_.push_back(&self);
    }
    // Before the lock, for it may call at once and take the lock.
    std::stop_callback called_off(stop, [&] {
      guard lock(mutex_);
      leave(self, run_status::cancelled);
    });
    guard lock(mutex_);
    while (!self.done) {
      if (until == nullptr) {
        pthread_cond_wait(&self.changed, &mutex_);
      } else if (pthread_cond_clockwait(&self.changed, &mutex_,
                                        CLOCK_MONOTONIC,
                                        until) == ETIMEDOUT) {
        leave(self, run_status::timed_out);
      }
    }
    return self.status;
  }

  static void* main(void* self) {
    static_cast<worker_pool*>(self)->work();
    return nullptr;
  }

  void work() {
    mine_ = this;
    while (task job = next()) {
      try {
        job();
      } catch (...) {
        keep(std::current_exception());
      }
    }
  }

  task next() {
    guard lock(mutex_);
    if (!callers_.empty()) {
      place& caller = *callers_.front();
      callers_.pop_front();
      blocked_ -= caller.counted ? 1 : 0;
      task job = std::move(*caller.job);
      finish(caller, run_status::ok);
      return job;
    }
    place self;
    if (!closed_) {
      idle_.push_back(&self);
      while (!self.done) {
        pthread_cond_wait(&self.changed, &mutex_);
      }
    }
    return std::move(self.taken);
  }

  void keep(std::exception_ptr error) {
    if (on_error_) {
      on_error_(std::move(error));
      return;
    }
    guard lock(mutex_);
    if (!error_) {
      error_ = std::move(error);
    }
  }

  void join_all() {
    {
      guard lock(mutex_);
      closed_ = true;
      while (!callers_.empty()) {
        leave(*callers_.front(), run_status::closed);
      }
      for (place* each : idle_) {
        finish(*each, run_status::closed);
      }
      idle_.clear();
    }
    for (pthread_t each : threads_) {
      pthread_join(each, nullptr);
    }
    threads_.clear();
  }

  const std::size_t all_;
  const error_handler on_error_;
  pthread_mutex_t joining_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  bool closed_ = false;
  std::size_t blocked_ = 0;
  std::deque<place*> callers_;
  std::vector<place*> idle_;
  std::exception_ptr error_;
  std::vector<pthread_t> threads_;
  static inline thread_local const worker_pool* mine_ = nullptr;
};

}  // namespace workbook
