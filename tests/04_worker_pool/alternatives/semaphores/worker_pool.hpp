// A correct pool in which every thread that waits has a binary
// semaphore of its own. Each worker has a mailbox for life; who finds
// none free stands in a line, and the worker that ends a task takes
// the first of the line.
//
// A semaphore must not stand in for a mutex here: acquire() of
// libstdc++ 12 can miss a release() when a third thread acquired and
// released in between (it waits for the value to differ from a 1).

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>
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
        : state_(new F(std::move(f)),
                 [](void* at) { delete static_cast<F*>(at); }),
          call_([](void* at) { (*static_cast<F*>(at))(); }) {}
    void operator()() { call_(state_.get()); }
    explicit operator bool() const { return state_ != nullptr; }

   private:
    std::unique_ptr<void, void (*)(void*)> state_{nullptr,
                                                  [](void*) {}};
    void (*call_)(void*) = nullptr;
  };
  using error_handler = std::function<void(std::exception_ptr)>;

  explicit worker_pool(std::size_t workers,
                       error_handler on_error = nullptr)
      : on_error_(std::move(on_error)), mail_(workers) {
    if (workers == 0) {
      throw std::invalid_argument("workers");
    }
    for (mailbox& own : mail_) {
      try {
        own.owner = std::thread([this, &own] { work(own); });
      } catch (...) {
        close();
        throw;
      }
    }
  }
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool() { shutdown(); }

  [[nodiscard]] run_status run(task&& job) {
    return enter(job, mine_ == this, [](caller& self) {
      self.answer.acquire();
      return run_status::ok;
    });
  }

  [[nodiscard]] run_status run(task&& job, std::stop_token stop) {
    return enter(job, false, [&](caller& self) {
      std::stop_callback off(
          stop, [&] { give_up(self, run_status::cancelled); });
      self.answer.acquire();
      return run_status::ok;
    });
  }

  [[nodiscard]] run_status run_for(task&& job,
                                   std::chrono::nanoseconds limit) {
    using clock = std::chrono::steady_clock;
    const auto now = clock::now();
    const auto end = now + std::min<clock::duration>(
                               limit, clock::time_point::max() - now);
    return enter(job, false, [&](caller& self) {
      if (!self.answer.try_acquire_until(end)) {
        give_up(self, run_status::timed_out);
        self.answer.acquire();
      }
      return run_status::ok;
    });
  }

  [[nodiscard]] run_status try_run(task&& job) {
    state_.lock();
    run_status status = run_status::would_block;
    if (closed_) {
      status = run_status::closed;
    } else if (!free_.empty()) {
      put(*free_.front(), job);
      free_.pop_front();
      status = run_status::ok;
    }
    state_.unlock();
    return status;
  }

  void shutdown() {
    if (mine_ == this) {
      throw std::system_error(std::make_error_code(
          std::errc::resource_deadlock_would_occur));
    }
    one_.lock();
    close();
    auto error = std::exchange(error_, nullptr);
    one_.unlock();
    if (error) {
      std::rethrow_exception(error);
    }
  }

 private:
  struct mailbox {
    task letter;  // empty when woken: the end
    std::binary_semaphore arrived{0};
    std::thread owner;
  };

  struct caller {
    std::binary_semaphore answer{0};
    task* job;
    bool counted = false;
    run_status status = run_status::ok;
  };

  static void put(mailbox& into, task& job) {
    into.letter = std::move(job);
    into.arrived.release();
  }

  template <typename Wait>
  run_status enter(task& job, bool inside, Wait wait) {
    const run_status at_once = try_run(std::move(job));
    if (at_once != run_status::would_block) {
      return at_once;
    }
    caller self;
    self.job = &job;
    self.counted = inside;
    std::list<caller*> own(1, &self);  // may throw: not locked
    state_.lock();
    // Between the two looks a worker may have come free.
    if (closed_ || !free_.empty() ||
        (inside && blocked_ + 1 == mail_.size())) {
      const bool again = !closed_ && !free_.empty();
      const run_status refused =
          closed_ ? run_status::closed : run_status::would_deadlock;
      state_.unlock();
      return again ? enter(job, inside, wait) : refused;
    }
    blocked_ += inside ? 1 : 0;
    line_.splice(line_.end(), own);
    state_.unlock();
    wait(self);
    // Who answered may still be in release(): let it leave first.
    state_.lock();
    state_.unlock();
    return self.status;
  }

  // The holder of state_ calls this for one that stands in line_.
  void answer(caller& to, run_status status) {
    line_.remove(&to);
    blocked_ -= to.counted ? 1 : 0;
    to.status = status;
    to.answer.release();
  }

  void give_up(caller& self, run_status status) {
    state_.lock();
    if (std::find(line_.begin(), line_.end(), &self) != line_.end()) {
      answer(self, status);
    }
    state_.unlock();
  }

  void work(mailbox& own) {
    mine_ = this;
    for (;;) {
      state_.lock();
      if (!line_.empty()) {
        caller& first = *line_.front();
        put(own, *first.job);
        answer(first, run_status::ok);
      } else if (closed_) {
        own.arrived.release();
      } else {
        free_.push_back(&own);
      }
      state_.unlock();
      own.arrived.acquire();
      task job = std::move(own.letter);
      if (!job) {
        return;
      }
      try {
        job();
      } catch (...) {
        keep(std::current_exception());
      }
    }
  }

  void keep(std::exception_ptr error) {
    if (on_error_) {
      on_error_(std::move(error));
      return;
    }
    state_.lock();
    if (!error_) {
      error_ = std::move(error);
    }
    state_.unlock();
  }

  void close() {
    state_.lock();
    closed_ = true;
    while (!line_.empty()) {
      answer(*line_.front(), run_status::closed);
    }
    for (mailbox* each : free_) {
      each->arrived.release();
    }
    free_.clear();
    state_.unlock();
    for (mailbox& each : mail_) {
      if (each.owner.joinable()) {
        each.owner.join();
      }
    }
  }

  const error_handler on_error_;
  std::mutex one_;    // who shuts down
  std::mutex state_;  // guards the fields below
  bool closed_ = false;
  std::size_t blocked_ = 0;
  std::list<caller*> line_;
  std::deque<mailbox*> free_;
  std::exception_ptr error_;
  std::vector<mailbox> mail_;
  static inline thread_local const worker_pool* mine_ = nullptr;
};

}  // namespace workbook
