// Step 0.6: the race of the timed rendezvous.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_6 {
namespace {

using namespace std::chrono_literals;

EXPLORED(channel_timed, try_receive_meets_a_sender, 0.6, 2) {
  contract("Returns the oldest value, also a blocked sender's");
  std::atomic<bool> sent = false;
  channel<int> numbers;
  std::jthread sender([&] {
    explore::role("sender");
    sent = numbers.send(7) == channel_status::ok;
  });
  explore::settle();

  const receive_result<int> seven = numbers.try_receive();
  numbers.close();
  sender.join();

  EXPECT_EQ(seven.status, channel_status::ok)
      << "a sender waits with its value in its hands, and try_receive "
         "cannot see it";
  EXPECT_EQ(seven.value, 7);
  EXPECT_TRUE(sent) << "the hand-over was agreed before the close";
}

EXPLORED(channel_timed, a_late_receive_meets_a_sender, 0.6, 2) {
  contract("a value that is there is received all the same");
  channel<int> numbers;
  std::jthread sender([&] {
    explore::role("sender");
    (void)numbers.send(7);
  });
  explore::settle();

  const receive_result<int> seven =
      numbers.receive_until(channel<int>::clock::now() - 1s);
  numbers.close();

  EXPECT_EQ(seven.value, 7)
      << "ok comes before timed_out, and a sender "
         "that waits has a value";
}

EXPLORED(channel_timed, what_timed_out_is_not_there, 0.6, 2) {
  contract("On anything else the value is still the caller's.");
  channel<std::unique_ptr<int>> numbers;
  auto mine = std::make_unique<int>(7);

  const channel_status status = numbers.send_for(std::move(mine), 1s);
  const auto late = numbers.try_receive();

  EXPECT_EQ(status, channel_status::timed_out);
  EXPECT_NE(mine, nullptr);
  EXPECT_EQ(late.status, channel_status::would_block)
      << "the sender gave up and went, and its value came over all the "
         "same: what did it leave behind?";
}

EXPLORED(channel_timed, both_sides_agree, 0.6, 4) {
  contract(
      "A hand-over that was agreed before the call gave up completes");
  std::atomic<bool> sent = false;
  std::atomic<bool> kept = false;
  channel<std::unique_ptr<int>> numbers;

  std::jthread sender([&] {
    explore::role("sender");
    auto mine = std::make_unique<int>(7);
    sent = numbers.send_for(std::move(mine), 1s) == channel_status::ok;
    kept = mine != nullptr;
  });
  const auto received = numbers.receive_for(1s);
  sender.join();

  EXPECT_EQ(sent, received.status == channel_status::ok)
      << "one side says that the value was handed over, the other side "
         "that time was up";
  EXPECT_EQ(received.value.has_value(), !kept)
      << "the value must be with exactly one of them";
}

EXPLORED(channel_timed, both_agree_on_a_stop, 0.6, 2) {
  contract(
      "A hand-over that was agreed before the call gave up completes");
  std::atomic<bool> sent = false;
  channel<int> numbers;

  std::jthread sender([&](std::stop_token stop) {
    explore::role("sender");
    sent = numbers.send(7, stop) == channel_status::ok;
  });
  std::jthread stopper([&] { sender.request_stop(); });
  const auto received = numbers.try_receive();
  sender.join();

  EXPECT_EQ(sent, received.status == channel_status::ok)
      << "one side says that the value was handed over, the other side "
         "that it was cancelled";
}

EXPLORED(channel_timed, the_right_sender_leaves, 0.6, 1) {
  contract("Values are received in the order of their acceptance");
  channel<int> numbers;
  std::jthread patient([&] {
    explore::role("patient");
    (void)numbers.send(1);
  });
  explore::settle();

  EXPECT_EQ(numbers.send_for(2, 1s), channel_status::timed_out);
  const receive_result<int> one = numbers.try_receive();
  numbers.close();

  EXPECT_EQ(one.value, 1)
      << "one sender gave up, and the offer of the other one went";
}

}  // namespace
}  // namespace workbook::step_6
