// The workload of the pools: empty tasks, one by one, from one or
// several threads, until the last has run.

#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "contestant.hpp"

namespace workbook::duel {

/// Tasks that count themselves, and an end to wait for.
class task_count {
 public:
  explicit task_count(std::int64_t tasks)
      : seen_(tasks), left_(tasks) {}

  /// Task number `i` runs. True for the last of all.
  bool note(std::int64_t i) {
    seen_.note(i);
    return left_.fetch_sub(1) == 1;
  }

  [[nodiscard]] outcome after(std::chrono::nanoseconds took) const {
    return seen_.after(took);
  }

 private:
  tally seen_;
  std::atomic<std::int64_t> left_;
};

/// Calls `submit(task)` once for each of `asked.ops` tasks, on
/// `asked.submitters` threads (one: the caller's own). The measurement
/// ends when the last task has run.
template <typename Submit>
outcome submit_all(const request& asked, Submit submit) {
  task_count tasks(asked.ops);
  // Outlives the last task, which notifies after it has stored.
  static std::atomic<bool> all_ran;
  all_ran = false;
  const auto submit_some = [&](int submitter) {
    for (std::int64_t i = submitter; i < asked.ops;
         i += asked.submitters) {
      submit([&tasks, i] {
        if (tasks.note(i)) {
          all_ran.store(true);
          all_ran.notify_one();
        }
      });
    }
  };
  const auto took = timed([&] {
    if (asked.submitters == 1) {
      submit_some(0);
    } else {
      std::vector<std::jthread> submitters;
      for (int i = 0; i < asked.submitters; ++i) {
        submitters.emplace_back(submit_some, i);
      }
    }
    all_ran.wait(false);
  });
  return tasks.after(took);
}

}  // namespace workbook::duel
