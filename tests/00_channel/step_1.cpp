// Step 0.1: a buffer with two ends.

#include <array>
#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_1 {
namespace {

// A value so large that it is told apart from all else in memory.
struct page {
  std::unique_ptr<int> number;
  std::array<char, 2000> rest = {};
};

EXPLORED(channel_buffer, values_come_out_in_order, 0.1, 3) {
  contract("Values are received in the order of their acceptance");
  channel<int> numbers(2);

  std::jthread sender([&] {
    explore::role("sender");
    for (int i = 1; i <= 3; ++i) {
      EXPECT_EQ(numbers.send(int{i}), channel_status::ok);
    }
  });

  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(numbers.receive(), i)
        << "one sender sent 1, 2, 3; a channel is a queue: in at one "
           "end, out at the other";
  }
}

EXPLORED(channel_buffer, each_value_is_received_once, 0.1, 2) {
  contract("Values are received each of them once");
  std::atomic<int> sum = 0;
  channel<int> numbers(1);

  {
    std::jthread one([&] { (void)numbers.send(1); });
    std::jthread other([&] { (void)numbers.send(10); });
    std::jthread first([&] { sum += numbers.receive().value_or(100); });
    std::jthread second(
        [&] { sum += numbers.receive().value_or(100); });
  }

  EXPECT_EQ(sum, 11)
      << "two senders sent 1 and 10, two receivers took one each; is "
         "the buffer looked at again after every wait?";
}

EXPLORED(channel_buffer, send_blocks_while_full, 0.1, 3) {
  contract("Blocks while the channel is open and has no place for it.");
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

  EXPECT_EQ(sent, 2) << "a channel of 2, from which nobody receives, "
                        "accepts two values; is the bound off by one?";
  EXPECT_EQ(numbers.receive(), 1);
  explore::settle();
  EXPECT_EQ(sent, 3) << "one value was received: one place, one sender";
  (void)numbers.receive();
  (void)numbers.receive();
}

EXPLORED(channel_buffer, receive_blocks_while_empty, 0.1, 2) {
  contract("Blocks while it is open and has no value.");
  std::atomic<bool> came_back = false;
  channel<int> numbers(1);

  std::jthread receiver([&] {
    explore::role("receiver");
    EXPECT_EQ(numbers.receive(), 7);
    came_back = true;
  });
  explore::settle();  // fails if the receiver polls

  EXPECT_FALSE(came_back) << "there was nothing to receive yet";
  EXPECT_EQ(explore::sleeping(), 0)
      << "an empty channel is no reason to sleep and look again; wait "
         "for a condition";
  (void)numbers.send(7);
  explore::settle();
  EXPECT_TRUE(came_back) << "the value is there and the receiver "
                            "sleeps on; whom does put() wake?";
}

EXPLORED(channel_buffer, both_values_wake, 0.1, 2) {
  contract("Blocks while it is open and has no value.");
  std::atomic<int> received = 0;
  channel<int> numbers(2);
  const auto receive = [&] { received += numbers.receive() ? 1 : 0; };

  std::jthread one(receive);
  std::jthread other(receive);
  explore::settle();  // both sleep
  (void)numbers.send(1);
  (void)numbers.send(2);
  explore::settle();

  EXPECT_EQ(received, 2)
      << "two values are there, two receivers slept, "
         "and one sleeps on: each value wakes one";
}

EXPLORED(channel_buffer, no_value_dies_in_the_channel, 0.1, 2) {
  contract("Every send takes its value by reference");
  std::atomic<int> alive = 0;
  int locks = 0;
  channel<explore::payload> values(1);
  explore::payload held(
      &alive,
      [](void* at) { *static_cast<int*>(at) += explore::locks_held(); },
      &locks);

  (void)values.send(std::move(held));
  EXPECT_EQ(alive, 1) << "on its way, there is one value, not two";
  {
    std::optional<explore::payload> received = values.receive();
    EXPECT_EQ(alive, 1) << "the value was destroyed on its way";
  }

  EXPECT_EQ(alive, 0) << "the channel keeps a value it has given away";
  EXPECT_EQ(locks, 0) << "a value was destroyed while a lock was held";
}

EXPLORED(channel_buffer, the_rest_dies_with_the_channel, 0.1, 1) {
  contract("Destroys the values that nobody has received.");
  std::atomic<int> alive = 0;

  {
    channel<explore::payload> values(2);
    (void)values.send(explore::payload(&alive));
    (void)values.send(explore::payload(&alive));
    EXPECT_EQ(alive, 2) << "two values are in the channel";
  }

  EXPECT_EQ(alive, 0)
      << "the channel is gone, and what was in it is not";
}

EXPLORED(channel_buffer, any_capacity_is_allowed, 0.1, 1) {
  contract("be they as many as std::size_t counts");
  std::atomic<int> received = 0;
  channel<int> numbers(std::numeric_limits<std::size_t>::max());
  std::jthread receiver([&] {
    explore::role("receiver");
    received = numbers.receive().value_or(0);
  });
  explore::settle();  // it waits

  std::jthread sender([&] { (void)numbers.send(7); });
  explore::settle();

  EXPECT_EQ(received, 7)
      << "there is room for as many values as can be counted, and send "
         "finds none; does a sum with the capacity overflow?";
}

EXPLORED(channel_buffer, two_channels_share_nothing, 0.1, 1) {
  contract("channel<T> hands values from senders to receivers.");
  std::array<std::atomic<int>, 2> received = {};
  channel<int> one(1);
  channel<int> other(1);
  std::jthread first([&] { received[0] = one.receive().value_or(0); });
  std::jthread second(
      [&] { received[1] = other.receive().value_or(0); });
  explore::settle();  // each waits at a channel of its own

  (void)other.send(2);
  explore::settle();
  EXPECT_EQ(received[1], 2) << "a value of this channel woke, or went "
                               "to, who waits at another";
  (void)one.send(1);
  explore::settle();
  EXPECT_EQ(received[0], 1);
  (void)other.send(4);
  (void)one.send(3);
  EXPECT_EQ(one.receive(), 3)
      << "what is in one channel came out of another";
}

EXPLORED(channel_buffer, missing_memory_changes_nothing, 0.1, 1) {
  contract(
      "A send throws std::bad_alloc where memory is missing, and has "
      "then changed nothing");
  channel<page> pages(2);
  (void)pages.send({std::make_unique<int>(1)});
  page second = {std::make_unique<int>(2)};
  bool thrown = false;

  try {
    const explore::missing_block missing(0, sizeof(page));
    (void)pages.send(std::move(second));
  } catch (const std::bad_alloc&) {
    thrown = true;
  }

  ASSERT_EQ(second.number != nullptr, thrown)
      << "the value is with its caller if and only if send threw; is "
         "it moved before there is memory for it?";
  if (thrown) {
    (void)pages.send({std::make_unique<int>(3)});
  }
  EXPECT_EQ(*pages.receive()->number, 1);
  EXPECT_EQ(*pages.receive()->number, thrown ? 3 : 2);
  EXPECT_EQ(second.number != nullptr, thrown)
      << "a send that threw has left something in the channel";
}

}  // namespace
}  // namespace workbook::step_1
