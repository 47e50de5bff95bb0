// A pool with a switch for each classic bug.

#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "grading/grading.hpp"

namespace explore {

enum class bug {
  none,
  stop_outside_the_mutex,
  check_then_act,
  if_for_while,
  notify_one_at_shutdown,
  push_outside_the_lock,
  detach,
};

template <bug Bug>
class toy_pool {
 public:
  explicit toy_pool(int workers) {
    for (int i = 0; i < workers; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  }

  void submit(std::function<void()> task) {
    if constexpr (Bug == bug::push_outside_the_lock) {
      tasks_.push_back(std::move(task));
      std::scoped_lock lock(mutex_);
    } else {
      std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  ~toy_pool() {
    if constexpr (Bug == bug::stop_outside_the_mutex) {
      stop_ = true;
    } else {
      std::scoped_lock lock(mutex_);
      stop_ = true;
    }
    if constexpr (Bug == bug::notify_one_at_shutdown) {
      changed_.notify_one();
    } else {
      changed_.notify_all();
    }
    for (std::thread& each : workers_) {
      if constexpr (Bug == bug::detach) {
        each.detach();
      } else {
        each.join();
      }
    }
  }

 private:
  void work() {
    for (;;) {
      std::optional<std::function<void()>> task = next();
      if (!task) {
        return;
      }
      (*task)();
    }
  }

  std::optional<std::function<void()>> next() {
    std::unique_lock lock(mutex_);
    const auto awake = [this] { return stop_ || !tasks_.empty(); };
    if constexpr (Bug == bug::if_for_while) {
      if (!awake()) {
        changed_.wait(lock);
      }
      if (stop_ && tasks_.empty()) {
        return std::nullopt;
      }
      EXPECT_FALSE(tasks_.empty());
    } else {
      changed_.wait(lock, awake);
    }
    if (tasks_.empty()) {
      return std::nullopt;
    }
    if constexpr (Bug == bug::check_then_act) {
      lock.unlock();
      lock.lock();
      EXPECT_FALSE(tasks_.empty());
    }
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> workers_;
};

template <bug Bug>
void run_pool() {
  std::atomic<int> done = 0;
  {
    toy_pool<Bug> pool(3);
    for (int i = 0; i < 4; ++i) {
      pool.submit([&done] { ++done; });
    }
    if constexpr (Bug == bug::detach) {
      while (done < 4) {
        std::this_thread::yield();
      }
    }
  }
  EXPECT_EQ(done, 4);
}

}  // namespace explore
