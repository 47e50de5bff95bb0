// Step 0.5: rendezvous.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_5 {
namespace {

EXPLORED(channel_rendezvous, send_returns_when_they_met, 0.5, 3) {
  contract("a send that returns ok has a receiver for its value");
  std::atomic<bool> sent = false;
  channel<int> numbers;

  std::jthread sender([&] {
    explore::role("sender");
    (void)numbers.send(7);
    sent = true;
  });
  explore::settle();
  EXPECT_FALSE(sent)
      << "send came back and there is nobody who has the value";
  EXPECT_EQ(numbers.receive(), 7);
  explore::settle();

  EXPECT_TRUE(sent) << "the value was received; who tells the sender?";
}

EXPLORED(channel_rendezvous, try_send_needs_a_receiver, 0.5, 2) {
  contract("Hands over `value` if there is a place at once");
  std::optional<int> received;
  channel<int> numbers;

  EXPECT_EQ(numbers.try_send(1), channel_status::would_block)
      << "nobody waits to receive: there is no place at all";
  std::jthread receiver([&] {
    explore::role("receiver");
    received = numbers.receive();
  });
  explore::settle();

  EXPECT_EQ(numbers.try_send(2), channel_status::ok)
      << "a receiver waits: it is a place for one value";
  receiver.join();
  EXPECT_EQ(received, 2);
}

EXPLORED(channel_rendezvous, one_receiver_is_one_place, 0.5, 1) {
  contract("a place: one of `capacity`, or a receiver that waits");
  channel<int> numbers;
  std::jthread receiver([&] {
    explore::role("receiver");
    (void)numbers.receive();
  });
  explore::settle();

  EXPECT_EQ(numbers.try_send(1), channel_status::ok);
  EXPECT_EQ(numbers.try_send(2), channel_status::would_block)
      << "the only receiver had its value already, even if it was not "
         "awake yet";
  receiver.join();
  EXPECT_EQ(numbers.try_send(3), channel_status::would_block)
      << "the receiver is gone, and so is its place";
}

EXPLORED(channel_rendezvous, all_of_them_meet, 0.5, 2) {
  contract("Values are received each of them once");
  std::atomic<int> sum = 0;
  channel<int> numbers;

  {
    std::jthread one([&] { (void)numbers.send(1); });
    std::jthread other([&] { (void)numbers.send(10); });
    std::jthread first([&] { sum += numbers.receive().value_or(100); });
    std::jthread second(
        [&] { sum += numbers.receive().value_or(100); });
  }

  EXPECT_EQ(sum, 11) << "two senders and two receivers: two meetings";
}

EXPLORED(channel_rendezvous, close_ends_the_wait, 0.5, 2) {
  contract("Senders that wait return closed, with their values");
  std::atomic<bool> back = false;
  channel<std::unique_ptr<int>> numbers;

  std::jthread sender([&] {
    explore::role("sender");
    auto mine = std::make_unique<int>(7);
    const channel_status status = numbers.send(std::move(mine));
    back = status == channel_status::closed && mine;
  });
  explore::settle();
  numbers.close();
  const auto late = numbers.receive();
  sender.join();

  EXPECT_EQ(late, std::nullopt)
      << "a closed channel gave out a value that it had not accepted";
  EXPECT_TRUE(back) << "the sender gets its value back, and closed";
}

EXPLORED(channel_rendezvous, who_gave_up_is_no_place, 0.5, 1) {
  contract("a place: one of `capacity`, or a receiver that waits");
  channel<int> numbers;
  std::jthread receiver([&](std::stop_token stop) {
    explore::role("receiver");
    (void)numbers.receive(stop);
  });
  explore::settle();

  receiver.request_stop();
  receiver.join();
  EXPECT_EQ(numbers.try_send(1), channel_status::would_block)
      << "the receiver was cancelled, and its place is still there";
  (void)numbers.receive_for(std::chrono::milliseconds(1));
  EXPECT_EQ(numbers.try_send(2), channel_status::would_block)
      << "the receiver timed out, and its place is still there";
}

EXPLORED(channel_rendezvous, another_channel_is_no_place, 0.5, 1) {
  contract("a place: one of `capacity`, or a receiver that waits");
  channel<int> numbers;
  channel<int> other;
  std::jthread receiver([&] {
    explore::role("receiver");
    (void)other.receive();
  });
  explore::settle();

  EXPECT_EQ(numbers.try_send(1), channel_status::would_block)
      << "the receiver waits at another channel";
  EXPECT_EQ(other.try_send(2), channel_status::ok);
}

EXPLORED(channel_rendezvous, a_stop_after_the_value_is_late, 0.5, 1) {
  contract("Where several would be true, the first one is reported.");
  std::atomic<int> received = 0;
  channel<int> numbers;
  std::jthread receiver([&](std::stop_token stop) {
    explore::role("receiver");
    received = numbers.receive(stop).value.value_or(0);
  });
  explore::settle();  // it waits

  EXPECT_EQ(numbers.try_send(7), channel_status::ok);
  receiver.request_stop();  // perhaps before the receiver has woken
  receiver.join();

  EXPECT_EQ(received, 7)
      << "the value was handed over, and then the receiver says that "
         "it was cancelled: the value is with nobody";
}

}  // namespace
}  // namespace workbook::step_5
