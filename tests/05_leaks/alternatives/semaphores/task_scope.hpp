// A correct scope without a condition variable: every event is a
// permit for the one who waits, and costs it one more look.

#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "task_scope_options.hpp"
#include "thread_facts.hpp"

namespace workbook {

class task_scope {
 public:
  using clock = std::chrono::steady_clock;

  explicit task_scope(task_scope_options options = {})
      : options_(std::move(options)) {
    if (options_.deadline) {
      if (*options_.deadline <= clock::now()) {
        cancel();
      } else {
        watch_ = std::jthread([this] {
          if (!over_.try_acquire_until(*options_.deadline)) {
            cancel();
          }
        });
      }
    }
    outer_ =
        std::make_unique<std::stop_callback<std::function<void()>>>(
            options_.outer, [this] { cancel(); });
  }

  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  ~task_scope() {
    cancel();
    wait();
    over_.release();
    if (first_ && !options_.on_error) {
      std::terminate();
    }
    if (first_) {
      options_.on_error(std::exchange(first_, nullptr));
    }
  }

  template <typename F>
  [[nodiscard]] bool spawn(F f,
                           call_place where = call_place::current()) {
    if (std::unique_lock waiting(waiting_, std::try_to_lock); waiting) {
      join_ended();
    }
    const auto body = std::make_shared<std::optional<F>>(std::move(f));
    std::scoped_lock lock(mutex_);
    if (cancelled_at_ != 0) {
      return false;
    }
    const int number = ++last_;
    child& self = children_[number];
    self.spawned = where;
    try {
      self.thread = std::thread([this, &self, body] {
        stack_ = this;
        self.id = ::gettid();
        try {
          (**body)(stop_.get_token());
          body->reset();
        } catch (...) {
          body->reset();
          note(std::current_exception());
        }
        std::scoped_lock ending(mutex_);
        self.ended = true;
        --running_;
        events_.release();
      });
    } catch (...) {
      children_.erase(number);
      throw;
    }
    ++running_;
    return true;
  }

  void cancel() {
    {
      std::scoped_lock lock(mutex_);
      if (cancelled_at_ == 0) {
        cancelled_at_ = clock::now().time_since_epoch().count();
      }
    }
    events_.release();
    stop_.request_stop();
  }

  void join() {
    for (const task_scope* each = stack_; each != nullptr;
         each = each->below_) {
      if (each == this) {
        throw std::system_error(std::make_error_code(
            std::errc::resource_deadlock_would_occur));
      }
    }
    wait();
    std::exception_ptr error;
    {
      std::scoped_lock lock(mutex_);
      std::swap(error, first_);
    }
    if (error) {
      std::rethrow_exception(error);
    }
  }

  [[nodiscard]] std::stop_token token() const {
    return stop_.get_token();
  }

 private:
  struct child {
    call_place spawned = {};
    std::atomic<pid_t> id = 0;
    bool ended = false;
    std::thread thread = {};
  };

  void note(std::exception_ptr error) {
    {
      std::scoped_lock lock(mutex_);
      if (!first_) {
        first_ = error;
      }
    }
    cancel();
  }

  // Joins the threads that have ended. The caller holds waiting_.
  void join_ended() {
    std::vector<std::thread> threads;
    {
      std::scoped_lock lock(mutex_);
      for (auto at = children_.begin(); at != children_.end();) {
        if (at->second.ended) {
          threads.push_back(std::move(at->second.thread));
          at = children_.erase(at);
        } else {
          ++at;
        }
      }
    }
    for (std::thread& each : threads) {
      each.join();
    }
  }

  void wait() {
    std::scoped_lock waiting(waiting_);
    while (running_ != 0) {
      const clock::rep at = cancelled_at_;
      const auto waited =
          clock::now() - clock::time_point(clock::duration(at));
      if (at == 0 || told_) {
        events_.acquire();
      } else if (waited < options_.patience) {
        (void)events_.try_acquire_for(std::min<clock::duration>(
            options_.patience - waited, std::chrono::hours(24)));
      } else {
        told_ = true;
        tell();
      }
    }
    join_ended();
  }

  void tell() {
    std::vector<late_child> late;
    {
      std::scoped_lock lock(mutex_);
      for (const auto& [number, each] : children_) {
        if (!each.ended) {
          late.push_back({each.spawned, waits_in(each.id)});
        }
      }
    }
    for (const late_child& each : late) {
      if (options_.on_late) {
        options_.on_late(each);
      } else {
        std::fprintf(stderr, "late: line %u\n", each.spawned.line());
      }
    }
  }

  const task_scope_options options_;
  const task_scope* const below_ = stack_;
  std::stop_source stop_;
  std::mutex waiting_;  // before mutex_
  std::mutex mutex_;
  std::map<int, child> children_;
  int last_ = 0;
  std::atomic<int> running_ = 0;
  std::atomic<clock::rep> cancelled_at_ = 0;
  bool told_ = false;  // waiting_ guards it
  std::exception_ptr first_;
  std::counting_semaphore<> events_{0};
  std::binary_semaphore over_{0};
  std::jthread watch_;
  std::unique_ptr<std::stop_callback<std::function<void()>>> outer_;
  static inline thread_local const task_scope* stack_ = nullptr;
};

}  // namespace workbook
