// What /proc shows of this process's threads, for want of an explorer.

#pragma once

#include <chrono>

namespace explore {

/// Threads of this process besides the calling one that sleep (state
/// S), and all of them.
struct thread_census {
  int resting = 0;
  int all = 0;
};
thread_census take_census();

/// How long to wait before one looks again.
inline constexpr auto look_every = std::chrono::milliseconds(2);

/// Blocks until all other threads have rested for three looks in a row,
/// or for two seconds at most.
void wait_until_all_rest();

/// The threads that a sanitizer starts for itself with the first of
/// ours.
int runtimes_threads();

}  // namespace explore
