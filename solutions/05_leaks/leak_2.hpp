// Searches the values of a source that runs ahead.
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

/// Returns the first value of `source` that `wanted` accepts, or
/// nothing if the source ends first by returning nothing. Calls
/// `source` on a thread of its own, at most ten values ahead of the
/// search. Rethrows what `wanted` throws. In every case, the thread
/// that it started has ended when it returns or throws.
///
/// `source` must not throw, and may be endless.
inline std::optional<int> first_wanted(
    const std::function<std::optional<int>()>& source,
    const std::function<bool(int)>& wanted) {
  // [5.2 first_wanted]
  //@ channel<int> values(4);
  //@ std::jthread producer([&] {
  //@   while (std::optional<int> value = source()) {
  //@     (void)values.send(std::move(*value));
  //@   }
  //@   values.close();
  //@ });
  channel<int> values(4);
  std::jthread producer([&](std::stop_token stop) {
    while (std::optional<int> value = source()) {
      if (values.send(std::move(*value), stop) !=
          channel_status::ok) {
        return;
      }
    }
    values.close();
  });
  // [5.2 first_wanted]
  while (const std::optional<int> value = values.receive()) {
    if (wanted(*value)) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace workbook
