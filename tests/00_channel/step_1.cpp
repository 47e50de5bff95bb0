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

// A value of a size that nothing else in the channel has.
struct page {
  std::unique_ptr<int> number;
  std::array<char, 2000> rest = {};
};

EXPLORED(channel_buffer, values_come_out_in_order, 0.1, 2) {
  contract(
      "Values are received in the order in which they were accepted, "
      "each exactly once.");
  channel<int> numbers(2);

  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(numbers.try_send(2 * round), channel_status::ok);
    EXPECT_EQ(numbers.try_send(2 * round + 1), channel_status::ok);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(numbers.try_receive().value, 2 * round + i)
          << "a channel is a queue: values are added at one end and "
             "taken at the other";
    }
  }
}

EXPLORED(channel_buffer, the_capacity_is_kept, 0.1, 3) {
  contract("buffer_.size() <= capacity_.");
  channel<std::unique_ptr<int>> numbers(2);
  auto third = std::make_unique<int>(3);

  EXPECT_EQ(numbers.try_send(std::make_unique<int>(1)),
            channel_status::ok);
  EXPECT_EQ(numbers.try_send(std::make_unique<int>(2)),
            channel_status::ok);
  EXPECT_EQ(numbers.try_send(std::move(third)),
            channel_status::would_block)
      << "a channel of 2 accepted a third value; is the bound off by "
         "one?";
  ASSERT_NE(third, nullptr)
      << "a refused value still belongs to its caller; is it moved "
         "before the channel knows whether it has room?";
  EXPECT_EQ(*third, 3);
  EXPECT_EQ(**numbers.try_receive().value, 1);
  EXPECT_EQ(numbers.try_send(std::move(third)), channel_status::ok)
      << "a value was received, so there is room again";
  EXPECT_EQ(**numbers.try_receive().value, 2);
  EXPECT_EQ(**numbers.try_receive().value, 3);
}

EXPLORED(channel_buffer, an_empty_channel_has_no_value, 0.1, 1) {
  contract("Never blocks. The status is ok, closed or would_block.");
  channel<int> numbers(1);

  const receive_result<int> none = numbers.try_receive();
  (void)numbers.try_send(7);
  const receive_result<int> seven = numbers.try_receive();

  EXPECT_EQ(none.status, channel_status::would_block);
  EXPECT_EQ(none.value, std::nullopt);
  EXPECT_EQ(seven.status, channel_status::ok);
  EXPECT_EQ(seven.value, 7);
}

EXPLORED(channel_buffer, two_threads_share_the_values, 0.1, 1) {
  contract(
      "A value belongs to its caller until it is accepted, and then "
      "to buffer_ or to one receiver; never to two of them.");
  std::atomic<int> sum = 0;
  channel<int> numbers(2);

  {
    const auto send = [&](int value) {
      EXPECT_EQ(numbers.try_send(std::move(value)), channel_status::ok);
    };
    std::jthread one([&] { send(1); });
    std::jthread other([&] { send(10); });
  }
  {
    const auto receive = [&] {
      sum += numbers.try_receive().value.value_or(100);
    };
    std::jthread one(receive);
    std::jthread other(receive);
  }

  EXPECT_EQ(sum, 11) << "1 and 10 were sent, and each of two receivers "
                        "took one value";
}

EXPLORED(channel_buffer, no_value_is_destroyed_on_its_way, 0.1, 1) {
  contract("A send moves from its value only if it returns ok.");
  std::atomic<int> alive = 0;
  int locks = 0;
  channel<explore::payload> values(1);
  explore::payload held(
      &alive,
      [](void* at) { *static_cast<int*>(at) += explore::locks_held(); },
      &locks);

  (void)values.try_send(std::move(held));
  EXPECT_EQ(alive, 1) << "there is one value, in the channel";
  {
    const std::optional<explore::payload> received =
        std::move(values.try_receive().value);
    EXPECT_EQ(alive, 1) << "the value was destroyed on its way";
  }

  EXPECT_EQ(alive, 0) << "the channel keeps a value that was received";
  EXPECT_EQ(locks, 0) << "a value was destroyed while a lock was held";
}

EXPLORED(channel_buffer, the_rest_is_destroyed_with_it, 0.1, 1) {
  contract("Destroys the values that were accepted and not received.");
  std::atomic<int> alive = 0;

  {
    channel<explore::payload> values(2);
    (void)values.try_send(explore::payload(&alive));
    (void)values.try_send(explore::payload(&alive));
    EXPECT_EQ(alive, 2) << "two values are in the channel";
  }

  EXPECT_EQ(alive, 0) << "the channel was destroyed, and a value in it "
                         "was not";
}

EXPLORED(channel_buffer, any_capacity_is_allowed, 0.1, 1) {
  contract(
      "Creates an open, empty channel. `capacity` may be any "
      "number: memory is allocated as values come.");
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();

  for (const std::size_t capacity :
       {most, most / 2 + 1, std::size_t{1} << 32U}) {
    channel<int> numbers(capacity);
    EXPECT_EQ(numbers.try_send(7), channel_status::ok)
        << "a capacity of " << capacity << ", and no room for one "
        << "value; does a sum overflow, or a narrower type cut it?";
    EXPECT_EQ(numbers.try_receive().value, 7);
  }
}

EXPLORED(channel_buffer, two_channels_share_nothing, 0.1, 1) {
  contract("channel<T> passes values from senders to receivers.");
  channel<int> one(1);
  channel<int> other(1);

  (void)one.try_send(1);

  EXPECT_EQ(other.try_receive().value, std::nullopt)
      << "a value that was sent to one channel came out of another";
  EXPECT_EQ(other.try_send(2), channel_status::ok)
      << "each channel has a buffer of its own";
  EXPECT_EQ(one.try_receive().value, 1);
}

EXPLORED(channel_buffer, a_send_that_throws_changes_nothing, 0.1, 1) {
  contract("A send that throws std::bad_alloc has changed nothing.");
  channel<page> pages(2);
  (void)pages.try_send({std::make_unique<int>(1)});
  page second = {std::make_unique<int>(2)};
  bool thrown = false;

  try {
    const explore::missing_block missing(0, sizeof(page));
    (void)pages.try_send(std::move(second));
  } catch (const std::bad_alloc&) {
    thrown = true;
  }

  ASSERT_EQ(second.number != nullptr, thrown)
      << "the caller has the value if and only if send threw; is it "
         "moved before its memory is allocated?";
  if (thrown) {
    (void)pages.try_send({std::make_unique<int>(3)});
  }
  EXPECT_EQ(*pages.try_receive().value->number, 1);
  EXPECT_EQ(*pages.try_receive().value->number, thrown ? 3 : 2);
  EXPECT_EQ(second.number != nullptr, thrown)
      << "a send that threw left something in the channel";
}

}  // namespace
}  // namespace workbook::step_1
