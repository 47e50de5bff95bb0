// Step 0.4: the end of a channel.

#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_4 {
namespace {

EXPLORED(channel_close, a_closed_channel_accepts_nothing, 0.4, 3) {
  contract("Closes the channel: no value is accepted from now on.");
  channel<std::unique_ptr<int>> numbers(1);
  channel<std::unique_ptr<int>> other(1);
  auto number = std::make_unique<int>(7);

  numbers.close();

  EXPECT_EQ(numbers.send(std::move(number)), channel_status::closed)
      << "there is room, but nobody has to receive it any more";
  EXPECT_EQ(numbers.try_send(std::move(number)),
            channel_status::closed);
  ASSERT_NE(number, nullptr)
      << "a refused value still belongs to its caller; is it moved "
         "before the channel knows that it is closed?";
  EXPECT_EQ(*number, 7);
  EXPECT_EQ(numbers.receive(), std::nullopt);
  EXPECT_EQ(other.send(std::move(number)), channel_status::ok)
      << "another channel was closed, not this one";
}

EXPLORED(channel_close, a_second_close_has_no_effect, 0.4, 1) {
  contract(
      "Never blocks, never throws. A second close() has no effect.");
  channel<int> numbers(1);
  (void)numbers.send(7);

  numbers.close();
  numbers.close();

  EXPECT_EQ(numbers.send(8), channel_status::closed)
      << "the second close opened the channel";
  EXPECT_EQ(numbers.receive(), 7);
  EXPECT_EQ(numbers.receive(), std::nullopt);
}

EXPLORED(channel_close, accepted_values_are_drained, 0.4, 3) {
  contract(
      "Receivers get the values accepted before, and then closed.");
  channel<int> numbers(2);
  (void)numbers.send(1);
  (void)numbers.send(2);

  numbers.close();

  EXPECT_EQ(numbers.receive(), 1)
      << "close() keeps what was accepted; is closed_ looked at before "
         "the buffer, or the buffer cleared?";
  EXPECT_EQ(numbers.receive(), 2);
  EXPECT_EQ(numbers.receive(), std::nullopt) << "closed and drained";
}

EXPLORED(channel_close, every_receiver_returns, 0.4, 2) {
  contract(
      "Returns the oldest value, or nothing if the channel is closed "
      "and drained.");
  std::atomic<int> ended = 0;
  channel<int> numbers(1);
  const auto receive = [&] {
    ended += numbers.receive() == std::nullopt ? 1 : 0;
  };

  std::list<std::jthread> receivers;
  for (int i = 0; i < 5; ++i) {
    receivers.emplace_back(receive);
  }
  numbers.close();  // before, while or after they begin to wait
  explore::settle();

  EXPECT_EQ(ended, 5) << "a receiver waits for a value that can never "
                         "come; close() concerns all that wait";
}

EXPLORED(channel_close, every_sender_keeps_its_value, 0.4, 2) {
  contract("Senders that wait return closed and keep their values.");
  std::atomic<int> kept = 0;
  channel<std::unique_ptr<int>> numbers(1);
  (void)numbers.send(std::make_unique<int>(1));
  const auto send = [&] {
    auto mine = std::make_unique<int>(2);
    const channel_status status = numbers.send(std::move(mine));
    kept += status == channel_status::closed && mine ? 1 : 0;
  };

  std::list<std::jthread> senders;
  for (int i = 0; i < 5; ++i) {
    senders.emplace_back(send);
  }
  explore::settle();
  numbers.close();
  explore::settle();

  EXPECT_EQ(kept, 5)
      << "five senders waited for room when the channel was closed; "
         "each returns closed and keeps its value";
  EXPECT_EQ(**numbers.receive(), 1);
  EXPECT_EQ(numbers.receive(), std::nullopt)
      << "a refused value came out of a closed channel";
}

EXPLORED(channel_close, a_rendezvous_ends_as_well, 0.4, 1) {
  contract("Senders that wait return closed and keep their values.");
  std::atomic<bool> kept = false;
  channel<std::unique_ptr<int>> numbers;

  std::jthread sender([&] {
    explore::role("sender");
    auto mine = std::make_unique<int>(7);
    const channel_status status = numbers.send(std::move(mine));
    kept = status == channel_status::closed && mine;
  });
  explore::settle();
  numbers.close();
  const auto late = numbers.receive();
  sender.join();

  EXPECT_EQ(late, std::nullopt)
      << "a receiver took the value of a sender that close() ended";
  EXPECT_TRUE(kept) << "the sender returns closed and keeps its value";
}

EXPLORED(channel_close, closed_for_one_is_closed_for_all, 0.4, 1) {
  contract("Closes the channel: no value is accepted from now on.");
  std::optional<channel_status> sent;
  channel<int> numbers(1);
  (void)numbers.send(1);
  std::jthread sender =
      explore::actor("sender", [&] { sent = numbers.send(2); });
  explore::settle();

  std::jthread closer =
      explore::actor("closer", [&] { numbers.close(); });
  const bool seen = numbers.try_send(3) == channel_status::closed;
  const std::optional<int> first = numbers.receive();
  const std::optional<int> second = numbers.receive();
  sender.join();

  EXPECT_EQ(first, 1);
  EXPECT_EQ(second.has_value(), sent == channel_status::ok);
  EXPECT_FALSE(seen && second)
      << "a send was refused because the channel is closed, and after "
         "that the value of another sender was accepted";
}

EXPLORED(channel_close, nothing_is_lost_in_the_race, 0.4, 1) {
  contract(
      "Once closed_ is true it stays true, no call waits, and no "
      "value is accepted.");
  std::atomic<int> accepted = 0;
  int received = 0;
  channel<int> numbers(1);

  std::jthread sender([&] {
    explore::role("sender");
    while (numbers.send(1) == channel_status::ok) {
      if (++accepted == 3) {
        return;
      }
    }
  });
  std::jthread closer([&] { numbers.close(); });
  while (numbers.receive()) {
    ++received;
  }
  sender.join();

  EXPECT_EQ(received, accepted)
      << "send returned ok and nobody received the value, or the "
         "reverse; are closed_ and the buffer read under one lock?";
}

EXPLORED(channel_close, closed_comes_before_would_block, 0.4, 1) {
  contract("Never blocks. Returns ok, closed or would_block.");
  channel<int> numbers(1);
  (void)numbers.send(7);

  numbers.close();

  EXPECT_EQ(numbers.try_send(8), channel_status::closed)
      << "full and closed: closed comes first";
  EXPECT_EQ(numbers.try_receive().status, channel_status::ok)
      << "closed, but not drained: ok comes first";
  EXPECT_EQ(numbers.try_receive().status, channel_status::closed)
      << "empty and closed: closed comes first";
}

// Records whether it was ever moved from.
class untouched {
 public:
  explicit untouched(std::atomic<bool>* moved) : moved_(moved) {}
  untouched(untouched&& other) noexcept : moved_(other.moved_) {
    *moved_ = true;
  }
  untouched& operator=(untouched&& other) noexcept {
    moved_ = other.moved_;
    *moved_ = true;
    return *this;
  }

 private:
  std::atomic<bool>* moved_;
};

EXPLORED(channel_close, a_refused_value_was_never_moved, 0.4, 1) {
  contract(
      "On any other status the value is untouched and still the "
      "caller's.");
  std::atomic<bool> first = false;
  std::atomic<bool> second = false;
  channel<untouched> values(1);
  (void)values.send(untouched(&first));

  std::jthread sender([&] {
    explore::role("sender");
    (void)values.send(untouched(&second));
  });
  explore::settle();
  values.close();
  sender.join();

  EXPECT_TRUE(first) << "the first value was accepted";
  EXPECT_FALSE(second)
      << "the refused value was moved into the channel and back: a "
         "pointer to it is dangling";
}

}  // namespace
}  // namespace workbook::step_4
