// One stage of a pipeline: takes numbers, squares them, passes them on.
//
// Book: chapter 5, "Leaks", step 5.3. Document: 002, its cure.

#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include "channel.hpp"

namespace workbook {

/// Receives numbers from `in` and sends their squares to `out`, until
/// one of the two is closed, or `stop` is requested; then it returns at
/// once, whatever it waits for, and also if it need not wait. Returns
/// how many squares were sent. The channels belong to the caller, who
/// goes on using them: they are never closed here.
inline int square_all(std::stop_token stop, channel<int>& in,
                      channel<int>& out) {
  // [5.3 square_all]
  //@ int sent = 0;
  //@ while (!stop.stop_requested()) {
  //@   std::optional<int> number = in.receive();
  //@   if (!number) {
  //@     break;
  //@   }
  //@   if (out.send(*number * *number) != channel_status::ok) {
  //@     break;
  //@   }
  //@   ++sent;
  //@ }
  //@ return sent;
  int sent = 0;
  // Neither call looks at the token if it need not wait.
  while (!stop.stop_requested()) {
    const std::optional<int> number = in.receive(stop).value;
    if (!number) {
      return sent;  // closed, or cancelled
    }
    if (out.send(*number * *number, stop) !=
        channel_status::ok) {
      return sent;
    }
    ++sent;
  }
  return sent;
  // [5.3 square_all]
}

}  // namespace workbook
