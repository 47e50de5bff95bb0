// Step 0.7, break it: the reader's schedule against a channel whose
// sender, once its time is up, releases the mutex before it leaves its
// queue.

#include <atomic>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

BREAKS(channel_break, the_two_sides_disagree, 0.7, 2,
       "break_1.schedule") {
  contract(
      "A value that was handed over before the call gave up counts: "
      "the call returns ok, even if it is late.");
  std::atomic<bool> sent = false;
  std::atomic<bool> received = false;
  channel<int> numbers;

  {
    std::jthread sender = explore::actor("sender", [&] {
      sent = numbers.send_until(7, channel<int>::clock::now()) ==
             channel_status::ok;
    });
    std::jthread receiver = explore::actor("receiver", [&] {
      received = numbers.try_receive().status == channel_status::ok;
    });
  }

  EXPECT_EQ(sent, received)
      << "the receiver has the value, and the sender timed out";
}

}  // namespace
}  // namespace workbook
