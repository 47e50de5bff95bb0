// The first thing that a test of concurrent code needs.

#pragma once

#include <thread>
#include <vector>

namespace explore {

/// Runs `body` on `count` threads and joins them.
template <typename Body>
void on_threads(int count, Body body) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&body, i] { body(i); });
  }
}

}  // namespace explore
