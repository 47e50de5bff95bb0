// Correct: one expression.

#pragma once

#include <optional>
#include <stop_token>

#include "channel.hpp"

namespace workbook {

inline int square_all(std::stop_token stop, channel<int>& in,
                      channel<int>& out) {
  int sent = -1;
  std::optional<int> number;
  do {
    ++sent;
    number =
        stop.stop_requested() ? std::nullopt : in.receive(stop).value;
  } while (number &&
           out.send(*number * *number, stop) == channel_status::ok);
  return sent;
}

}  // namespace workbook
