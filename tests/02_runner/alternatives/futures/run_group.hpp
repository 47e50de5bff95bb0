// A correct group of actors made of futures, and a promise for the
// first return.

#pragma once

#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <tuple>
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
    using ending = std::pair<std::size_t, std::exception_ptr>;
    std::promise<ending> first;
    std::future<ending> ended = first.get_future();
    std::once_flag once;
    std::vector<std::future<void>> all;  // each joins its thread
    all.reserve(actors_.size());
    group_report told;
    const auto stop = [&] {
      for (std::size_t id = all.size(); id-- > 0;) {
        actors_[id].second();
      }
    };
    try {
      for (std::size_t id = 0; id < actors_.size(); ++id) {
        all.push_back(std::async(std::launch::async, [&, id] {
          std::exception_ptr error;
          try {
            actors_[id].first();
          } catch (...) {
            error = std::current_exception();
          }
          std::call_once(once, [&] { first.set_value({id, error}); });
        }));
      }
    } catch (...) {
      stop();
      for (const auto& each : all) {
        each.wait();
      }
      throw;
    }
    if (all.empty()) {
      return told;
    }
    std::tie(told.first, told.error) = ended.get();
    stop();
    const auto until = deadline_after(grace_);
    for (std::size_t id = all.size(); id-- > 0;) {
      if (all[id].wait_until(until) != std::future_status::ready) {
        told.overdue.push_back(id);
      }
    }
    for (const auto& each : all) {
      each.wait();
    }
    return told;
  }

 private:
  const nanoseconds grace_;
  std::vector<std::pair<std::function<void()>, std::function<void()>>>
      actors_;
};

}  // namespace workbook
