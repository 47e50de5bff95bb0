// A correct group of actors with a semaphore that counts returns, and
// atomics that say whose they are.

#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "deadline.hpp"

namespace workbook {

struct group_report {
  std::optional<std::size_t> first;
  std::exception_ptr error;
  std::vector<std::size_t> overdue;
};

class run_group {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  explicit run_group(nanoseconds grace) : grace_(grace) {
    if (grace < nanoseconds(0)) {
      throw std::invalid_argument("negative");
    }
  }

  void add(std::function<void()> execute,
           std::function<void()> interrupt) {
    if (!execute || !interrupt) {
      throw std::invalid_argument("empty");
    }
    actors_.emplace_back(std::move(execute), std::move(interrupt));
  }

  group_report run() {
    returns_.emplace(0);
    first_ = nobody;
    std::size_t started = 0;
    group_report told;
    try {
      for (actor& each : actors_) {
        each.gone = false;
        each.error = nullptr;
        each.thread = std::thread(
            [this, &each, id = started] { work(each, id); });
        ++started;
      }
    } catch (...) {
      interrupt(started);
      join(started);
      throw;
    }
    if (started == 0) {
      return told;
    }
    returns_->acquire();
    interrupt(started);
    const auto until = deadline_after(grace_);
    for (std::size_t n = 1; n < started; ++n) {
      if (!returns_->try_acquire_until(until)) {
        break;
      }
    }
    for (std::size_t id = started; id-- > 0;) {
      if (!actors_[id].gone) {
        told.overdue.push_back(id);
      }
    }
    join(started);
    told.first = first_;
    told.error = std::move(actors_[first_].error);
    return told;
  }

 private:
  struct actor {
    actor(std::function<void()> e, std::function<void()> i)
        : execute(std::move(e)), stop(std::move(i)) {}
    std::function<void()> execute;
    std::function<void()> stop;
    std::thread thread{};
    std::exception_ptr error{};
    std::atomic<bool> gone = false;
  };

  void work(actor& mine, std::size_t id) {
    try {
      mine.execute();
    } catch (...) {
      mine.error = std::current_exception();
    }
    std::size_t none = nobody;
    first_.compare_exchange_strong(none, id);
    mine.gone = true;
    returns_->release();
  }

  void interrupt(std::size_t started) {
    while (started-- > 0) {
      actors_[started].stop();
    }
  }

  void join(std::size_t started) {
    for (std::size_t id = 0; id < started; ++id) {
      actors_[id].thread.join();
    }
  }

  static constexpr std::size_t nobody = ~std::size_t{0};

  const nanoseconds grace_;
  std::deque<actor> actors_;
  std::optional<std::counting_semaphore<>> returns_;
  std::atomic<std::size_t> first_ = nobody;
};

}  // namespace workbook
