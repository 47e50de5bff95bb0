// Waits for the process of a schedule, and says why it hangs.
//
// A schedule normally ends by itself: deadlocks and spinning are found
// from inside. Two things are not: a thread that computes forever
// without a step, and one that waits in the kernel for something that
// the explorer has no model of (a pipe, poll, a semaphore of sem_wait,
// a signal). Neither verdict rests on the clock on the wall: it only
// decides when to look.
//
// Book: appendix "How the explorer works", section What it cannot do.

#pragma once

#include <csignal>
#include <cstdint>

#include "record.hpp"

namespace explore {

/// While it lives, waits for a child are interrupted now and then, so
/// that watch_child can look.
class alarm_clock {
 public:
  alarm_clock();
  ~alarm_clock();
  alarm_clock(const alarm_clock&) = delete;
  alarm_clock& operator=(const alarm_clock&) = delete;

 private:
  struct sigaction before_ {};
};

/// Blocks until `child` has ended. If it ended without saying how, or
/// had to be ended, says so in `log`. Whoever says `passed` there has to
/// know the seal: the code under test could find the mapping.
void watch_child(int child, record& log, std::uint64_t seal);

}  // namespace explore
