// Shared by the files that define functions of the C library: how a
// hook reaches the function that it stands in front of.

#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <ctime>

#include "schedule.hpp"

namespace explore {

/// The definition of `name` that this program's own definition hides.
template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// Where the scenario's clocks stand when it begins. Far from zero, so
/// that code which mixes the two clocks up is found out.
inline constexpr std::int64_t monotonic_start = 1'000'000'000'000;
inline constexpr std::int64_t realtime_start =
    1'700'000'000'000'000'000;

/// Whether the C library takes `time` for a point in time at all: else
/// a function that is given it returns EINVAL.
inline bool is_valid(const timespec* time) {
  return time == nullptr ||
         (time->tv_nsec >= 0 && time->tv_nsec < 1'000'000'000);
}

/// Deadlines further away than this are none: time_point::max() means
/// to wait forever, and must not race with anybody.
inline constexpr std::int64_t beyond_seconds =
    1'000'000'000;  // 31 years

/// The virtual instant `time` from `start` on; never, if that is too
/// far away, and 0 for what lies before the start.
inline instant instant_after(std::int64_t start_seconds,
                             const timespec& time) {
  if (time.tv_sec < start_seconds) {
    return 0;
  }
  const std::int64_t seconds = time.tv_sec - start_seconds;
  return seconds > beyond_seconds
             ? never
             : seconds * 1'000'000'000 + time.tv_nsec;
}

/// The virtual instant that `time` on `clock` names; null: never.
inline instant instant_of(clockid_t clock, const timespec* time) {
  if (time == nullptr) {
    return never;
  }
  const std::int64_t start =
      clock == CLOCK_REALTIME ? realtime_start : monotonic_start;
  return instant_after(start / 1'000'000'000, *time);
}

/// The virtual instant that is `time` from `now`.
inline instant instant_from(instant now, const timespec& time) {
  const instant distance = instant_after(0, time);
  return distance == never ? never : now + distance;
}

}  // namespace explore

/// The address in the code under test from which a hook was called.
#define EXPLORE_CALLER __builtin_return_address(0)

/// In front of a function of the C library: goes to the hidden
/// definition unless the calling thread is explored.
#define EXPLORE_ELSE_REAL(function, ...)                          \
  static auto* const hidden =                                     \
      ::explore::real<decltype(::function)>(#function);           \
  if (!::explore::explored()) {                                   \
    return hidden(__VA_ARGS__);                                   \
  }                                                               \
  auto& running [[maybe_unused]] = ::explore::current_schedule(); \
  auto& me [[maybe_unused]] = *::explore::schedule::self()
