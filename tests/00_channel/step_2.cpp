// Step 0.2: receivers that wait.

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_2 {
namespace {

EXPLORED(channel_receive, receive_blocks_while_empty, 0.2, 3) {
  contract("Blocks while the channel is open and has no value.");
  std::atomic<bool> returned = false;
  channel<int> numbers(1);

  std::jthread receiver([&] {
    explore::role("receiver");
    EXPECT_EQ(numbers.receive(), 7)
        << "a condition variable may wake without a notification; does "
           "the call look again whether it has a result?";
    returned = true;
  });
  explore::settle();

  EXPECT_FALSE(returned) << "receive returned, and nothing was sent";
  (void)numbers.send(7);
  explore::settle();
  EXPECT_TRUE(returned) << "a value was sent, and the receiver still "
                           "waits; which call does put() wake?";
}

EXPLORED(channel_receive, a_receiver_does_not_poll, 0.2, 2,
         .polls = false) {
  contract("A call that waits is asleep: it does not poll.");
  channel<int> numbers(1);

  std::jthread receiver([&] {
    explore::role("receiver");
    (void)numbers.receive();
  });
  explore::settle();

  EXPECT_EQ(explore::sleeping(), 0)
      << "the receiver sleeps and looks again; wait for a notification";
  (void)numbers.send(7);
}

EXPLORED(channel_receive, each_value_wakes_a_receiver, 0.2, 3) {
  contract(
      "If a receiver waits, the buffer is empty and no sender "
      "waits.");
  std::atomic<int> received = 0;
  channel<int> numbers(2);
  const auto receive = [&] { received += *numbers.receive(); };

  std::jthread one(receive);
  std::jthread other(receive);
  explore::settle();  // both wait
  (void)numbers.send(1);
  (void)numbers.send(10);
  explore::settle();

  EXPECT_EQ(received, 11) << "two values for two receivers, and one of "
                             "them still waits, or got the wrong value";
}

EXPLORED(channel_receive, a_value_goes_to_one_receiver, 0.2, 2) {
  contract(
      "Values are received in the order in which they were accepted, "
      "each exactly once.");
  std::atomic<int> sum = 0;
  channel<int> numbers(2);

  {
    std::jthread one([&] { (void)numbers.send(1); });
    std::jthread other([&] { (void)numbers.send(10); });
    std::jthread first([&] { sum += numbers.receive().value_or(100); });
    std::jthread second(
        [&] { sum += numbers.receive().value_or(100); });
  }

  EXPECT_EQ(sum, 11) << "two senders sent 1 and 10, and each of two "
                        "receivers took one value";
}

EXPLORED(channel_receive, order_survives_a_wait, 0.2, 1) {
  contract(
      "Values are received in the order in which they were accepted, "
      "each exactly once.");
  channel<int> numbers(3);

  std::jthread sender([&] {
    explore::role("sender");
    for (int i = 1; i <= 3; ++i) {
      (void)numbers.send(int{i});
    }
  });

  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(numbers.receive(), i)
        << "one sender sent 1, 2 and 3, in this order";
  }
}

EXPLORED(channel_receive, try_send_needs_a_receiver, 0.2, 2) {
  contract("Sends `value` if it can be accepted at once.");
  std::optional<int> received;
  channel<int> numbers;

  EXPECT_EQ(numbers.try_send(1), channel_status::would_block)
      << "no buffer, and no receiver waits";
  std::jthread receiver([&] {
    explore::role("receiver");
    received = numbers.receive();
  });
  explore::settle();

  EXPECT_EQ(numbers.try_send(2), channel_status::ok)
      << "a receiver waits, so it can have the value";
  receiver.join();
  EXPECT_EQ(received, 2);
}

EXPLORED(channel_receive, one_receiver_takes_one_value, 0.2, 2) {
  contract(
      "With capacity 0 there is no buffer: a send that returns ok has "
      "handed its value to a receiver (a rendezvous).");
  channel<int> numbers;
  std::jthread receiver([&] {
    explore::role("receiver");
    (void)numbers.receive();
  });
  explore::settle();

  EXPECT_EQ(numbers.try_send(1), channel_status::ok);
  EXPECT_EQ(numbers.try_send(2), channel_status::would_block)
      << "the only receiver had its value, even if it was not awake "
         "yet: does it leave the queue together with that?";
  receiver.join();
  EXPECT_EQ(numbers.try_send(3), channel_status::would_block)
      << "no receiver waits any more";
}

EXPLORED(channel_receive, another_channels_receiver_counts_not, 0.2,
         1) {
  contract("Sends `value` if it can be accepted at once.");
  channel<int> numbers;
  channel<int> other;
  std::jthread receiver([&] {
    explore::role("receiver");
    (void)other.receive();
  });
  explore::settle();

  EXPECT_EQ(numbers.try_send(1), channel_status::would_block)
      << "the receiver waits for another channel";
  EXPECT_EQ(other.try_send(2), channel_status::ok);
}

EXPLORED(channel_receive, a_handed_value_is_not_destroyed, 0.2, 1) {
  contract(
      "While mutex_ is held, nothing is allocated, no value is "
      "destroyed unless it was moved from, and no user code runs "
      "but T's move constructor.");
  std::atomic<int> alive = 0;
  std::atomic<int> locks = 0;
  channel<explore::payload> values;

  std::jthread receiver([&] {
    explore::role("receiver");
    const std::optional<explore::payload> mine = values.receive();
    EXPECT_EQ(alive, 1) << "one value was sent";
  });
  explore::settle();
  (void)values.try_send(explore::payload(
      &alive,
      [](void* at) {
        *static_cast<std::atomic<int>*>(at) += explore::locks_held();
      },
      &locks));
  receiver.join();

  EXPECT_EQ(alive, 0) << "the channel keeps a value that was received";
  EXPECT_EQ(locks, 0) << "a value was destroyed while a lock was held";
}

EXPLORED(channel_receive, a_send_synchronizes_with_its_receive, 0.2,
         1) {
  contract("A send synchronizes with the receive that gets its value.");
  std::array<int, 2> written = {};  // plain: a race would be reported
  channel<int> numbers(2);

  std::jthread sender([&] {
    explore::role("sender");
    for (int i = 0; i < 2; ++i) {
      written[static_cast<std::size_t>(i)] = i + 1;
      (void)numbers.send(int{i});
    }
  });

  for (int i = 0; i < 2; ++i) {
    const int at = *numbers.receive();
    EXPECT_EQ(written[static_cast<std::size_t>(at)], at + 1)
        << "what a thread wrote before it sent is not there for the "
           "thread that received";
  }
}

}  // namespace
}  // namespace workbook::step_2
