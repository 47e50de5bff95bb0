// Correct: each half is a function that knows all its answers.

#pragma once

#include <optional>
#include <stop_token>

#include "channel.hpp"

namespace workbook {

inline std::optional<int> next_square(std::stop_token stop,
                                      channel<int>& in) {
  if (stop.stop_requested()) {
    return std::nullopt;
  }
  const receive_result<int> got = in.receive(stop);
  switch (got.status) {
    case channel_status::ok:
      return *got.value * *got.value;
    default:
      return std::nullopt;
  }
}

inline int square_all(std::stop_token stop, channel<int>& in,
                      channel<int>& out) {
  int sent = 0;
  for (auto square = next_square(stop, in); square;
       square = next_square(stop, in)) {
    switch (out.send(std::move(*square), stop)) {
      case channel_status::ok:
        ++sent;
        break;
      default:
        return sent;
    }
  }
  return sent;
}

}  // namespace workbook
