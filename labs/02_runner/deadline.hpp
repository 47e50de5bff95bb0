// A point in time that a duration cannot push past the clock's end.
//
// Book: chapter 2, "Runner". Given to the reader complete.

#pragma once

#include <chrono>

namespace workbook {

/// `from` plus `by` (not negative), but at most the clock's last point:
/// a limit of nanoseconds::max() is a deadline that never comes.
inline std::chrono::steady_clock::time_point deadline_after(
    std::chrono::steady_clock::time_point from,
    std::chrono::nanoseconds by) {
  constexpr auto last = std::chrono::steady_clock::time_point::max();
  return by < last - from ? from + by : last;
}

/// The same, from now.
inline std::chrono::steady_clock::time_point deadline_after(
    std::chrono::nanoseconds by) {
  return deadline_after(std::chrono::steady_clock::now(), by);
}

}  // namespace workbook
