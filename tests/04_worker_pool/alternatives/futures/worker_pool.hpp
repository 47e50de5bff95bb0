// A correct pool of one-shot promises: an idle worker offers a promise
// of a task, a waiting caller a promise of an answer. Who keeps it is
// settled by one compare-and-exchange; no lock is held meanwhile.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>
#include <type_traits>
#include <unordered_set>
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
    ends_.reserve(workers);
    try {
      for (std::size_t i = 0; i < workers; ++i) {
        ends_.push_back(
            std::async(std::launch::async, [this] { work(); }));
      }
    } catch (...) {
      close();
      throw;
    }
  }
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool() { shutdown(); }

  [[nodiscard]] run_status run(task&& job) {
    return enter(job, mine_ == this, [](request&) {});
  }

  [[nodiscard]] run_status run(task&& job, std::stop_token stop) {
    return enter(job, false, [&](request& own) {
      std::stop_callback off(
          stop, [&] { own.settle(run_status::cancelled); });
      own.settled.wait();
    });
  }

  [[nodiscard]] run_status run_for(task&& job,
                                   std::chrono::nanoseconds limit) {
    using clock = std::chrono::steady_clock;
    const auto now = clock::now();
    const auto end = limit > clock::time_point::max() - now
                         ? clock::time_point::max()
                         : now + limit;
    return enter(job, false, [&](request& own) {
      if (own.settled.wait_until(end) != std::future_status::ready) {
        own.settle(run_status::timed_out);
      }
    });
  }

  [[nodiscard]] run_status try_run(task&& job) {
    std::unique_lock lock(mutex_);
    if (closed_) {
      return run_status::closed;
    }
    return offered(job, lock) ? run_status::ok
                              : run_status::would_block;
  }

  void shutdown() {
    if (mine_ == this) {
      throw std::system_error(std::make_error_code(
          std::errc::resource_deadlock_would_occur));
    }
    std::scoped_lock one(one_);
    close();
    if (auto error = std::exchange(error_, nullptr)) {
      std::rethrow_exception(error);
    }
  }

 private:
  // One call of run that waits. Settled once, by whoever is first.
  struct request {
    // True for the caller who settled it.
    bool settle(run_status status) {
      if (claimed.exchange(true)) {
        return false;
      }
      answer.set_value(status);
      return true;
    }

    std::atomic<bool> claimed = false;
    std::promise<run_status> answer;
    std::future<run_status> settled = answer.get_future();
    task* job = nullptr;
  };

  // Gives `job` to an idle worker; unlocks if there is one.
  bool offered(task& job, std::unique_lock<std::mutex>& lock) {
    if (offers_.empty()) {
      return false;
    }
    std::promise<task> offer = std::move(offers_.front());
    offers_.pop_front();
    lock.unlock();
    offer.set_value(std::move(job));
    return true;
  }

  template <typename Wait>
  run_status enter(task& job, bool counts, Wait wait) {
    auto own = std::make_shared<request>();
    own->job = &job;
    {
      std::unique_lock lock(mutex_);
      if (closed_) {
        return run_status::closed;
      }
      if (offered(job, lock)) {
        return run_status::ok;
      }
      if (counts && blocked_.size() + 1 == all_) {
        return run_status::would_deadlock;
      }
      if (counts) {
        blocked_.insert(own.get());
      }
      requests_.push_back(own);
    }
    wait(*own);
    const run_status status = own->settled.get();
    std::scoped_lock lock(mutex_);
    blocked_.erase(own.get());
    return status;
  }

  // The task of the first request that nobody has settled.
  std::optional<task> from_requests() {
    while (!requests_.empty()) {
      const std::shared_ptr<request> first = requests_.front();
      requests_.pop_front();
      if (first->claimed.exchange(true)) {
        continue;
      }
      task job = std::move(*first->job);
      blocked_.erase(first.get());
      first->answer.set_value(run_status::ok);
      return job;
    }
    return std::nullopt;
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
    std::future<task> promised;
    {
      std::scoped_lock lock(mutex_);
      if (auto job = from_requests()) {
        return std::move(*job);
      }
      if (closed_) {
        return {};
      }
      promised = offers_.emplace_back().get_future();
    }
    return promised.get();
  }

  void keep(std::exception_ptr error) {
    if (on_error_) {
      on_error_(std::move(error));
      return;
    }
    std::scoped_lock lock(mutex_);
    if (!error_) {
      error_ = std::move(error);
    }
  }

  void close() {
    {
      std::scoped_lock lock(mutex_);
      closed_ = true;
      for (const auto& each : requests_) {
        each->settle(run_status::closed);
      }
      requests_.clear();
      for (auto& each : offers_) {
        each.set_value({});
      }
      offers_.clear();
    }
    for (std::future<void>& each : ends_) {
      if (each.valid()) {
        each.get();
      }
    }
  }

  const std::size_t all_;
  const error_handler on_error_;
  std::mutex one_;
  std::mutex mutex_;  // guards the fields below
  bool closed_ = false;
  std::unordered_set<const request*> blocked_;
  std::deque<std::shared_ptr<request>> requests_;
  std::deque<std::promise<task>> offers_;
  std::exception_ptr error_;
  std::vector<std::future<void>> ends_;
  static inline thread_local const worker_pool* mine_ = nullptr;
};

}  // namespace workbook
