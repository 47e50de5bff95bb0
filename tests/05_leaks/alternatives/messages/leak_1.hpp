// Correct: a scope, a count of completions, and the clock looked at by
// each child when it has done its job.

#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "channel.hpp"
#include "task_scope.hpp"

namespace workbook {

inline int run_jobs(int count, std::chrono::nanoseconds limit,
                    const std::function<void(std::stop_token)>& job) {
  const auto now = task_scope::clock::now();
  const auto last = task_scope::clock::time_point::max();
  const auto end = limit > last - now ? last : now + limit;
  std::atomic<int> in_time = 0;
  task_scope scope;
  for (int i = 0; i < count; ++i) {
    (void)scope.spawn([&](std::stop_token stop) {
      job(stop);
      in_time += task_scope::clock::now() < end ? 1 : 0;
    });
  }
  if (!scope.join_for(limit)) {
    scope.cancel();
    scope.join();
  }
  return in_time;
}

}  // namespace workbook
