// Step 6.7: channels with direct hand-off.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channel.hpp"
#include "grading/grading.hpp"
#include "on_one.hpp"

namespace workbook::gmp::step_7 {
namespace {

using namespace testing_kit;

GRADED(gmp_channel, hands_over_in_order, 6.7, 2) {
  contract(
      "in the order in which they were accepted, each of them once");
  contract("Hands over `value`.");
  std::vector<int> received;

  run_on_one([&] {
    for (const std::size_t capacity : {0u, 1u, 3u}) {
      channel<int> numbers(capacity);
      handle sender = go([&] {
        for (int i = 0; i < 8; ++i) {
          EXPECT_EQ(numbers.send(int{i}), channel_status::ok);
        }
        numbers.close();
      });
      received.clear();
      while (const auto value = numbers.receive()) {
        received.push_back(*value);
      }
      sender.join();
      EXPECT_EQ(received, (std::vector{0, 1, 2, 3, 4, 5, 6, 7}))
          << "capacity " << capacity;
    }
  });
}

GRADED(gmp_channel, has_room_for_its_capacity, 6.7, 1) {
  contract("Creates an open channel with room for `capacity` values.");
  contract("A value is accepted");
  contract(
      "Hands over `value` if there is a place at once; never blocks.");
  contract("Returns ok, closed or would_block.");
  contract("Status ok, closed or would_block.");

  run_on_one([&] {
    channel<int> two(2);
    EXPECT_EQ(two.try_send(1), channel_status::ok);
    EXPECT_EQ(two.try_send(2), channel_status::ok);
    EXPECT_EQ(two.try_send(3), channel_status::would_block);
    EXPECT_EQ(two.try_receive().value, 1);
    two.close();
    EXPECT_EQ(two.try_send(4), channel_status::closed);
    EXPECT_EQ(two.try_receive().value, 2);
    EXPECT_EQ(two.try_receive().status, channel_status::closed);
    channel<int> none;
    EXPECT_EQ(none.try_send(1), channel_status::would_block);
    EXPECT_EQ(none.try_receive().status, channel_status::would_block);
  });
}

// Of a sender and a receiver, the one that waits is not asked again.
GRADED(gmp_channel, hands_the_value_to_the_one_that_waits, 6.7, 1) {
  contract("once, from the sender to the receiver that waits");
  contract("Blocks while it is open and has no value.");
  history happened;

  run_on_one([&] {
    channel<int> numbers;
    handle receiver = go([&] {
      happened.push_back("got " + std::to_string(*numbers.receive()));
    });
    yield();  // it waits
    EXPECT_EQ(numbers.send(1), channel_status::ok);
    happened.push_back("sent");
    EXPECT_EQ(numbers.try_receive().status, channel_status::would_block)
        << "the value was put where others find it";
    receiver.join();
  });

  EXPECT_EQ(happened, (history{"sent", "got 1"}));
}

GRADED(gmp_channel, a_place_goes_to_the_sender_that_waits, 6.7, 1) {
  contract("If a sender waits, the buffer is full.");
  contract("Blocks while the channel is open and has no");

  run_on_one([&] {
    channel<int> numbers(1);
    (void)numbers.send(1);
    handle first = go([&] { (void)numbers.send(2); });
    handle second = go([&] { (void)numbers.send(3); });
    yield();
    EXPECT_EQ(numbers.receive(), 1);
    EXPECT_EQ(numbers.try_send(4), channel_status::would_block)
        << "somebody was faster than the sender that waits";
    EXPECT_EQ(numbers.receive(), 2);
    EXPECT_EQ(numbers.receive(), 3);
    first.join();
    second.join();
  });
}

GRADED(gmp_channel, close_wakes_receivers, 6.7, 1) {
  contract("Wakes all waiters.");
  contract("After close nobody waits.");
  contract("Idempotent.");
  int woken = 0;

  run_on_one([&] {
    channel<int> numbers;
    std::vector<handle> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back(go([&] {
        EXPECT_EQ(numbers.receive(), std::nullopt);
        ++woken;
      }));
    }
    yield();
    numbers.close();
    numbers.close();
    for (handle& each : all) {
      each.join();
    }
  });

  EXPECT_EQ(woken, 3);
}

GRADED(gmp_channel, close_leaves_senders_their_values, 6.7, 2) {
  contract("Senders that wait return closed, with");
  contract(
      "Every send takes its value by reference, and moves from it only "
      "if");

  run_on_one([&] {
    channel<std::unique_ptr<int>> numbers;
    auto value = std::make_unique<int>(5);
    channel_status how = channel_status::ok;
    handle sender = go([&] { how = numbers.send(std::move(value)); });
    yield();
    numbers.close();
    sender.join();
    EXPECT_EQ(how, channel_status::closed);
    EXPECT_NE(value, nullptr) << "the value was moved from";
  });
}

GRADED(gmp_channel, what_was_accepted_is_received_after_close, 6.7, 1) {
  contract("receivers get what was accepted before, and then");
  contract("Accepts nothing from now on.");
  contract("Returns ok or closed.");
  contract(
      "Returns the oldest value; nothing once the channel is closed "
      "and");

  run_on_one([&] {
    channel<int> numbers(2);
    (void)numbers.send(1);
    (void)numbers.send(2);
    numbers.close();
    EXPECT_EQ(numbers.send(3), channel_status::closed);
    EXPECT_EQ(numbers.receive(), 1);
    EXPECT_EQ(numbers.receive(), 2);
    EXPECT_EQ(numbers.receive(), std::nullopt);
  });
}

}  // namespace
}  // namespace workbook::gmp::step_7
