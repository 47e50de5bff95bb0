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

inline instant nanoseconds(const timespec& time) {
  return static_cast<instant>(time.tv_sec) * 1'000'000'000 +
         time.tv_nsec;
}

/// Deadlines further away than this are none: time_point::max() means
/// to wait for ever, and must not race with anybody.
inline constexpr instant beyond =
    1'000'000'000'000'000'000;  // 31 years

/// The virtual instant that `time` on `clock` names; null: never.
inline instant instant_of(clockid_t clock, const timespec* time) {
  if (time == nullptr) {
    return never;
  }
  const std::int64_t start =
      clock == CLOCK_REALTIME ? realtime_start : monotonic_start;
  const instant at = nanoseconds(*time);
  if (at - start > beyond) {
    return never;
  }
  return at > start ? at - start : 0;
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
