// Correct: one permit for each child that has ended.

#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <semaphore>
#include <stop_token>
#include <thread>

namespace workbook {

inline int run_jobs(int count, std::chrono::nanoseconds limit,
                    const std::function<void(std::stop_token)>& job) {
  const auto now = std::chrono::steady_clock::now();
  const auto last = std::chrono::steady_clock::time_point::max();
  const auto end = limit > last - now ? last : now + limit;
  std::counting_semaphore<> ended(0);
  std::list<std::jthread> children;
  while (children.size() < static_cast<unsigned>(count)) {
    children.emplace_back([&](std::stop_token stop) {
      job(stop);
      ended.release();
    });
  }
  int done = 0;
  while (done < count && ended.try_acquire_until(end)) {
    ++done;
  }
  for (std::jthread& child : children) {
    child.request_stop();
  }
  children.clear();
  return done;
}

}  // namespace workbook
