// Several jobs at once, and one who waits for them, up to a limit.
//
// Book: chapter 5, "Leaks", step 5.1. Document: 002, its program.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "channel.hpp"

namespace workbook {

/// Runs `count` jobs, job(token), each on a thread of its own. Blocks
/// until all have ended, or `limit` has passed; then the token is asked
/// to stop, and the rest are waited for. Returns how many had ended by
/// then: what comes after the limit does not count. When it returns,
/// nothing that it started goes on. nanoseconds::max() is no limit.
///
/// `job` does not throw, and ends soon after it was asked to.
inline int run_jobs(int count, std::chrono::nanoseconds limit,
                    const std::function<void(std::stop_token)>& job) {
  using clock = channel<bool>::clock;
  const clock::time_point now = clock::now();
  const clock::time_point end = clock::time_point::max();
  [[maybe_unused]] const auto deadline =
      limit > end - now ? end : now + limit;
  std::stop_source context;
  channel<bool> results(static_cast<std::size_t>(count));
  std::vector<std::jthread> children;
  for (int i = 0; i < count; ++i) {
    children.emplace_back([&] {
      job(context.get_token());
      (void)results.send(true);
    });
  }
  auto timer = deadline;
  [[maybe_unused]] int done = 0;
  for (;;) {
    switch (results.receive_until(timer).status) {
      case channel_status::ok:
        ++done;
        break;
      default:
        timer = clock::time_point::max();  // it fires once
        context.request_stop();
    }
  }
}

}  // namespace workbook
