// Step 0.7, break it: the reader's schedule against a channel whose
// sender, once its time is up, lets go of the mutex before it takes
// its offer back.

#include <atomic>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

BREAKS(channel_break, two_who_do_not_agree, 0.7, 2,
       "break_1.schedule") {
  contract(
      "A hand-over that was agreed before the call gave up completes");
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
