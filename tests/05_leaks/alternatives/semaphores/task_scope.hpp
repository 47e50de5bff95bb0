// Correct: every caller that waits has a semaphore of its own, and the
// last child releases them all.

#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "call_site.hpp"
#include "scope_limits.hpp"
#include "scope_nesting.hpp"
#include "task_scope_options.hpp"
#include "thread_facts.hpp"

namespace workbook {

class task_scope {
 public:
  using clock = std::chrono::steady_clock;

  explicit task_scope(task_scope_options options = {})
      : on_error_(std::move(options.on_error)),
        limits_(options.deadline, std::move(options.outer), stop_) {}
  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  ~task_scope() {
    cancel();
    wait(std::nullopt);
    if (first_ && !on_error_) {
      std::terminate();
    }
    if (first_) {
      on_error_(std::exchange(first_, nullptr));
    }
  }

  template <typename F>
  [[nodiscard]] bool spawn(F f,
                           call_site where = call_site::current()) {
    const auto body = std::make_shared<std::optional<F>>(std::move(f));
    std::scoped_lock lock(mutex_);
    if (stop_.stop_requested()) {
      return false;
    }
    const int number = ++last_number_;
    child& self = children_[number];
    self.spawned = where;
    try {
      self.thread = std::thread([this, number, body] {
        nesting_.enter();
        note_id(number);
        std::exception_ptr error;
        try {
          (**body)(stop_.get_token());
        } catch (...) {
          error = std::current_exception();
        }
        body->reset();
        if (error) {
          note(error);
        }
        leave(number);
      });
    } catch (...) {
      children_.erase(number);
      throw;
    }
    return true;
  }

  void cancel() { stop_.request_stop(); }

  void join() {
    nesting_.refuse_inside();
    wait(std::nullopt);
    rethrow();
  }

  [[nodiscard]] bool join_for(std::chrono::nanoseconds limit) {
    nesting_.refuse_inside();
    const auto now = clock::now();
    const auto far = clock::time_point::max() - now;
    if (!wait(now + std::min<clock::duration>(limit, far))) {
      return false;
    }
    rethrow();
    return true;
  }

  [[nodiscard]] std::vector<running_child> still_running() {
    std::vector<running_child> all;
    std::scoped_lock lock(mutex_);
    for (const auto& [number, each] : children_) {
      all.push_back({each.spawned, waits_in(each.id)});
    }
    return all;
  }

  [[nodiscard]] std::stop_token token() const {
    return stop_.get_token();
  }

 private:
  struct child {
    call_site spawned = {};
    pid_t id = 0;
    std::thread thread = {};
  };

  void note_id(int number) {
    std::scoped_lock lock(mutex_);
    children_.at(number).id = ::gettid();
  }

  void note(const std::exception_ptr& error) {
    {
      std::scoped_lock lock(mutex_);
      if (!first_) {
        first_ = error;
      }
    }
    cancel();
  }

  // The end of a child: whoever ended before it is joined by it.
  void leave(int number) {
    std::thread before;
    {
      std::scoped_lock lock(mutex_);
      before = std::move(ended_);
      ended_ = std::move(children_.at(number).thread);
      children_.erase(number);
      if (children_.empty()) {
        for (const auto& each : waiting_) {
          each->release();
        }
        waiting_.clear();
      }
    }
    if (before.joinable()) {
      before.join();
    }
  }

  // False if a child still runs at `end`.
  bool wait(std::optional<clock::time_point> end) {
    std::unique_lock lock(mutex_);
    while (!children_.empty()) {
      const auto own = std::make_shared<std::binary_semaphore>(0);
      waiting_.push_back(own);
      lock.unlock();
      if (!end) {
        own->acquire();
      } else if (!own->try_acquire_until(*end)) {
        lock.lock();
        std::erase(waiting_, own);
        if (!children_.empty()) {
          return false;
        }
        break;
      }
      lock.lock();
    }
    std::thread ended = std::move(ended_);
    lock.unlock();
    if (ended.joinable()) {
      ended.join();
    }
    return true;
  }

  void rethrow() {
    std::exception_ptr error;
    {
      std::scoped_lock lock(mutex_);
      error.swap(first_);
    }
    if (error) {
      std::rethrow_exception(error);
    }
  }

  const std::function<void(std::exception_ptr)> on_error_;
  const scope_nesting nesting_;
  std::stop_source stop_;
  std::mutex mutex_;  // guards what follows, but for limits_
  int last_number_ = 0;
  std::map<int, child> children_;
  std::thread ended_;
  std::exception_ptr first_;
  std::vector<std::shared_ptr<std::binary_semaphore>> waiting_;
  scope_limits limits_;
};

}  // namespace workbook
