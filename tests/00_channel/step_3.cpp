// Step 0.3: senders that wait, and the rendezvous.

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_3 {
namespace {

EXPLORED(channel_send, send_blocks_while_full, 0.3, 3) {
  contract(
      "Sends `value`. Blocks while the channel is open and cannot "
      "accept it. Returns ok or closed.");
  std::atomic<int> sent = 0;
  channel<int> numbers(2);

  std::jthread sender([&] {
    explore::role("sender");
    for (int i = 1; i <= 4; ++i) {
      (void)numbers.send(int{i});
      ++sent;
    }
  });
  explore::settle();

  EXPECT_EQ(sent, 2) << "a channel of 2 without a receiver "
                        "accepts two values";
  EXPECT_EQ(numbers.receive(), 1);
  explore::settle();
  EXPECT_EQ(sent, 3)
      << "one value was received, so the sender that "
         "waits can store its own; which thread does it?";
  for (int i = 2; i <= 4; ++i) {
    EXPECT_EQ(numbers.receive(), i);
  }
}

EXPLORED(channel_send, a_sender_does_not_poll, 0.3, 1, .polls = false) {
  contract("A call that waits is asleep: it does not poll.");
  channel<int> numbers;

  std::jthread sender([&] {
    explore::role("sender");
    (void)numbers.send(7);
  });
  explore::settle();

  EXPECT_EQ(explore::sleeping(), 0)
      << "the sender sleeps and looks again; wait for a notification";
  EXPECT_EQ(numbers.receive(), 7);
}

EXPLORED(channel_send, senders_are_served_in_order, 0.3, 2) {
  contract(
      "Senders that wait are served in the order in which they began "
      "to wait.");
  for (const std::size_t capacity : {0, 1}) {
    std::atomic<int> sent = 0;
    channel<int> numbers(capacity);
    if (capacity == 1) {
      (void)numbers.send(0);
    }
    const auto send = [&](int value) {
      (void)numbers.send(std::move(value));
      ++sent;
    };

    std::jthread one = explore::actor("sender 1", [&] { send(1); });
    explore::settle();
    std::jthread two = explore::actor("sender 2", [&] { send(2); });
    explore::settle();
    std::jthread three = explore::actor("sender 3", [&] { send(3); });
    explore::settle();
    for (int i = capacity == 1 ? 0 : 1; i <= 3; ++i) {
      EXPECT_EQ(numbers.receive(), i)
          << "three senders waited, 1 before 2 before 3";
    }
    explore::settle();

    EXPECT_EQ(sent, 3) << "a value was received, and its sender waits";
  }
}

EXPLORED(channel_send, a_later_sender_does_not_overtake, 0.3, 1) {
  contract(
      "Senders that wait are served in the order in which they began "
      "to wait.");
  channel<int> numbers(1);
  (void)numbers.send(1);
  std::jthread sender([&] {
    explore::role("sender");
    (void)numbers.send(2);
  });
  explore::settle();

  EXPECT_EQ(numbers.receive(), 1);
  EXPECT_EQ(numbers.try_send(3), channel_status::would_block)
      << "the room belongs to the sender that waited for it, even if "
         "it is not awake yet";
  EXPECT_EQ(numbers.receive(), 2);
}

EXPLORED(channel_send, a_full_buffer_comes_first, 0.3, 1) {
  contract(
      "If a sender waits, the buffer is full and no receiver waits.");
  std::atomic<bool> sent = false;
  channel<int> numbers(1);
  (void)numbers.send(1);
  std::jthread sender([&] {
    explore::role("sender");
    sent = numbers.send(2) == channel_status::ok;
  });
  explore::settle();

  EXPECT_EQ(numbers.try_receive().value, 1)
      << "the value in the buffer is older than the sender's";
  explore::settle();
  EXPECT_TRUE(sent) << "try_receive took a value out of the buffer; "
                       "which call can go on?";
  EXPECT_EQ(numbers.try_receive().value, 2)
      << "the sender's value was next";
}

EXPLORED(channel_send, send_returns_when_they_met, 0.3, 3) {
  contract(
      "With capacity 0 there is no buffer: a send that returns ok has "
      "handed its value to a receiver (a rendezvous).");
  std::atomic<bool> sent = false;
  channel<int> numbers;

  std::jthread sender([&] {
    explore::role("sender");
    (void)numbers.send(7);
    sent = true;
  });
  explore::settle();
  EXPECT_FALSE(sent) << "send returned, and no receiver has the value";
  EXPECT_EQ(numbers.receive(), 7);
  explore::settle();

  EXPECT_TRUE(sent)
      << "the value was received, and its sender still waits";
}

EXPLORED(channel_send, try_receive_meets_a_sender, 0.3, 2) {
  contract(
      "Returns the oldest value if there is one at once; the value "
      "of a sender that waits is one.");
  std::atomic<bool> sent = false;
  channel<int> numbers;
  std::jthread sender([&] {
    explore::role("sender");
    sent = numbers.send(7) == channel_status::ok;
  });
  explore::settle();

  const receive_result<int> seven = numbers.try_receive();
  if (!seven.value) {
    (void)numbers.receive();
  }
  sender.join();

  EXPECT_EQ(seven.status, channel_status::ok)
      << "a sender waits, and try_receive does not find its value";
  EXPECT_EQ(seven.value, 7);
  EXPECT_TRUE(sent);
}

EXPLORED(channel_send, all_of_them_meet, 0.3, 2) {
  contract(
      "Any member may be called from any thread; the destructor "
      "requires that no other call is in progress.");
  std::atomic<int> sum = 0;
  channel<int> numbers;

  {
    std::jthread one([&] { (void)numbers.send(1); });
    std::jthread other([&] { (void)numbers.send(10); });
    std::jthread first([&] { sum += numbers.receive().value_or(100); });
    std::jthread second(
        [&] { sum += numbers.receive().value_or(100); });
  }

  EXPECT_EQ(sum, 11) << "two senders and two receivers: two transfers";
}

// How many of three senders return ok while one receiver comes. Then
// receives what is left.
int sent_with_one_receiver(std::size_t capacity) {
  std::atomic<int> sent = 0;
  int seen = 0;
  channel<int> numbers(capacity);
  const auto send = [&] {
    sent += numbers.send(7) == channel_status::ok ? 1 : 0;
  };
  std::jthread receiver =
      explore::actor("receiver", [&] { (void)numbers.receive(); });
  std::jthread one = explore::actor("sender 1", send);
  std::jthread two = explore::actor("sender 2", send);
  std::jthread three = explore::actor("sender 3", send);
  explore::settle();
  seen = sent;
  (void)numbers.receive();
  (void)numbers.receive();
  return seen;
}

EXPLORED(channel_send, one_receiver_ends_one_send, 0.3, 1) {
  contract(
      "With capacity 0 there is no buffer: a send that returns ok has "
      "handed its value to a receiver (a rendezvous).");

  EXPECT_EQ(sent_with_one_receiver(0), 1)
      << "one receiver came, and another number of sends is ok";
}

EXPLORED(channel_send, the_buffer_adds_its_capacity, 0.3, 1) {
  contract(
      "A value is accepted when it is stored in the buffer, which "
      "holds up to `capacity` values, or handed to a receiver that "
      "waits.");

  EXPECT_EQ(sent_with_one_receiver(1), 2)
      << "one receiver and a buffer of one accept two values";
}

EXPLORED(channel_send, a_receive_never_throws, 0.3, 1) {
  contract("A receive never throws.");
  std::atomic<int> received = 0;
  channel<int> numbers(1);
  (void)numbers.send(1);
  std::jthread sender([&] {
    explore::role("sender");
    (void)numbers.send(2);
  });
  explore::settle();

  try {
    const explore::missing_block missing(0);
    received = *numbers.receive();
  } catch (const std::bad_alloc&) {
    received = -1;
  }
  while (numbers.try_receive().value) {
  }

  EXPECT_EQ(received, 1)
      << "a receive allocated memory for the value of a sender that "
         "waits, and there was none; a send can bring what it needs";
}

}  // namespace
}  // namespace workbook::step_3
