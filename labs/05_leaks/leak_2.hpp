// Values from a source that runs ahead, searched for the first one that
// is wanted.
//
// Book: chapter 5, "Leaks", step 5.2.

#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "channel.hpp"

namespace workbook {

/// Calls `source` on a thread of its own, which may be a few values
/// ahead (ten at most), and returns the first value that `wanted`
/// accepts; nothing if the source ends (returns nothing) before. What
/// `wanted` throws comes out. However it ends, nothing that it started
/// goes on.
///
/// `source` does not throw, and may have no end.
inline std::optional<int> first_wanted(
    const std::function<std::optional<int>()>& source,
    const std::function<bool(int)>& wanted) {
  channel<int> values(4);
  std::jthread producer([&] {
    while (std::optional<int> value = source()) {
      (void)values.send(std::move(*value));
    }
    values.close();
  });
  while (const std::optional<int> value = values.receive()) {
    if (wanted(*value)) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace workbook
