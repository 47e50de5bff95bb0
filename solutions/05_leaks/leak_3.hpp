// One stage of a pipeline: receives numbers and sends their squares.
//
// Book: chapter 5, "Leaks", step 5.3. Document: 002, its cure.

#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include "channel.hpp"

namespace workbook {

/// Receives numbers from `in` and sends their squares to `out`, until
/// a receive finds `in` closed and empty, or a send finds `out` closed.
/// Also returns when `stop` is requested: at once if it is waiting, and
/// before the next number if not. Returns the number of squares sent.
/// Never closes the channels: the caller goes on using them.
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
  // Neither call checks the token if it does not have to wait.
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
