// Step 0.2: the end of a channel.

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_2 {
namespace {

EXPLORED(channel_close, a_closed_channel_takes_nothing, 0.2, 3) {
  contract("Accepts nothing from now on. Idempotent.");
  channel<std::unique_ptr<int>> numbers(1);
  channel<std::unique_ptr<int>> other(1);
  auto number = std::make_unique<int>(7);

  numbers.close();
  numbers.close();

  EXPECT_EQ(numbers.send(std::move(number)), channel_status::closed)
      << "there is room, and nobody will come to receive it";
  ASSERT_NE(number, nullptr)
      << "on anything but ok the value is untouched and still the "
         "caller's; is it moved before closed_ is looked at?";
  EXPECT_EQ(*number, 7);
  EXPECT_EQ(numbers.receive(), std::nullopt);
  EXPECT_EQ(other.send(std::move(number)), channel_status::ok)
      << "it was another channel that was closed";
}

EXPLORED(channel_close, what_was_accepted_is_drained, 0.2, 3) {
  contract("receivers get what was accepted before, and then closed");
  channel<int> numbers(2);
  (void)numbers.send(1);
  (void)numbers.send(2);

  numbers.close();

  EXPECT_EQ(numbers.receive(), 1)
      << "close() must keep what was accepted; is closed_ looked at "
         "before the buffer, or the buffer emptied?";
  EXPECT_EQ(numbers.receive(), 2);
  EXPECT_EQ(numbers.receive(), std::nullopt)
      << "closed and drained: the end, at last";
}

EXPLORED(channel_close, every_receiver_learns_of_it, 0.2, 3) {
  contract("Wakes all who wait.");
  std::atomic<int> ended = 0;
  channel<int> numbers(1);
  const auto receive = [&] {
    ended += numbers.receive() == std::nullopt ? 1 : 0;
  };

  std::jthread one(receive);
  std::jthread other(receive);
  numbers.close();  // before, while or after they begin to wait
  explore::settle();

  EXPECT_EQ(ended, 2) << "a receiver waits for what cannot come any "
                         "more; the end is news for all of them";
}

EXPLORED(channel_close, every_sender_gets_its_value_back, 0.2, 4) {
  contract("Senders that wait return closed, with their values");
  std::atomic<int> back = 0;
  channel<std::unique_ptr<int>> numbers(1);
  (void)numbers.send(std::make_unique<int>(1));
  const auto send = [&] {
    auto mine = std::make_unique<int>(2);
    const channel_status status = numbers.send(std::move(mine));
    back += status == channel_status::closed && mine ? 1 : 0;
  };

  std::jthread one(send);
  std::jthread other(send);
  explore::settle();
  numbers.close();
  explore::settle();

  EXPECT_EQ(back, 2) << "two senders waited for room when the channel "
                        "closed; both return closed and keep their own";
  EXPECT_EQ(**numbers.receive(), 1);
  EXPECT_EQ(numbers.receive(), std::nullopt)
      << "a refused value came out of a closed channel";
}

EXPLORED(channel_close, nothing_is_lost_in_the_race, 0.2, 2) {
  contract("receivers get what was accepted before");
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
      << "send returned ok and nobody received it, or the reverse; "
         "are closed_ and the buffer seen under one lock?";
}

// Notes whether it was ever moved from.
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

EXPLORED(channel_close, a_refused_value_was_never_moved, 0.2, 1) {
  contract("moves from it only if it returns ok");
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
      << "the refused value was moved into the channel and back; who "
         "refers to it by its address has lost it meanwhile";
}

}  // namespace
}  // namespace workbook::step_2
