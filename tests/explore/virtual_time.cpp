// Clocks and sleeps on virtual time.
//
// Time stands still while any thread can run. When all wait, it jumps
// to the earliest deadline: an hour's sleep costs nothing, and what
// takes a second by the code takes exactly one by the clock.
//
// Book: appendix "How the explorer works", section Time.
// Model: Go's testing/synctest.

#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

#include "hooks.hpp"

namespace {

using namespace explore;

timespec to_timespec(std::int64_t since) {
  return {static_cast<time_t>(since / 1'000'000'000),
          static_cast<long>(since % 1'000'000'000)};
}

void sleep_until(instant deadline, const void* caller) {
  schedule& running = current_schedule();
  running.announce(operation::sleep, nullptr, caller);
  if (deadline > running.now()) {
    running.wait(reason::sleep, nullptr, deadline);
  }
}

bool is_shown(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
         clock == CLOCK_BOOTTIME || clock == CLOCK_MONOTONIC_RAW ||
         clock == CLOCK_REALTIME_COARSE ||
         clock == CLOCK_MONOTONIC_COARSE;
}

bool is_wall_clock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  EXPLORE_ELSE_REAL(clock_gettime, clock, time);
  if (!is_shown(clock)) {
    return hidden(clock, time);  // CPU time and the like
  }
  *time = to_timespec(running.read_clock() + (is_wall_clock(clock)
                                                  ? realtime_start
                                                  : monotonic_start));
  return 0;
}

int gettimeofday(timeval* time, void* zone) noexcept {
  EXPLORE_ELSE_REAL(gettimeofday, time, zone);
  const timespec now =
      to_timespec(running.read_clock() + realtime_start);
  *time = {now.tv_sec, now.tv_nsec / 1'000};
  return 0;
}

time_t time(time_t* copy) noexcept {
  EXPLORE_ELSE_REAL(time, copy);
  const timespec now =
      to_timespec(running.read_clock() + realtime_start);
  if (copy != nullptr) {
    *copy = now.tv_sec;
  }
  return now.tv_sec;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* time,
                    timespec* left) {
  EXPLORE_ELSE_REAL(clock_nanosleep, clock, flags, time, left);
  if (!is_valid(time)) {
    return EINVAL;
  }
  sleep_until((flags & TIMER_ABSTIME) != 0
                  ? instant_of(clock, time)
                  : instant_from(running.now(), *time),
              EXPLORE_CALLER);
  return 0;
}

int nanosleep(const timespec* time, timespec* left) {
  EXPLORE_ELSE_REAL(nanosleep, time, left);
  if (!is_valid(time) || time->tv_sec < 0) {
    errno = EINVAL;
    return -1;
  }
  sleep_until(instant_from(running.now(), *time), EXPLORE_CALLER);
  return 0;
}

int usleep(useconds_t microseconds) {
  EXPLORE_ELSE_REAL(usleep, microseconds);
  sleep_until(running.now() + instant{microseconds} * 1'000,
              EXPLORE_CALLER);
  return 0;
}

unsigned sleep(unsigned seconds) {
  EXPLORE_ELSE_REAL(sleep, seconds);
  sleep_until(running.now() + instant{seconds} * 1'000'000'000,
              EXPLORE_CALLER);
  return 0;
}

int sched_yield() noexcept {
  EXPLORE_ELSE_REAL(sched_yield);
  running.announce(operation::yield, nullptr, EXPLORE_CALLER);
  return 0;
}

}  // extern "C"
