// Correct: the forms with a deadline, which never comes.

#pragma once

#include <optional>
#include <stop_token>

#include "channel.hpp"

namespace workbook {

inline int square_all(std::stop_token stop, channel<int>& in,
                      channel<int>& out) {
  constexpr auto never = channel<int>::clock::time_point::max();
  for (int sent = 0;; ++sent) {
    if (stop.stop_requested()) {
      return sent;
    }
    receive_result<int> got = in.receive_until(never, stop);
    if (got.status != channel_status::ok ||
        out.send_until(*got.value * *got.value, never, stop) !=
            channel_status::ok) {
      return sent;
    }
  }
}

}  // namespace workbook
