// Step 0.3: not at once, not for ever.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_3 {
namespace {

using namespace std::chrono_literals;

EXPLORED(channel_limits, try_send_never_blocks, 0.3, 2) {
  contract("Hands over `value` if there is a place; never blocks.");
  channel<std::unique_ptr<int>> numbers(1);
  auto second = std::make_unique<int>(2);

  EXPECT_EQ(numbers.try_send(std::make_unique<int>(1)),
            channel_status::ok);
  EXPECT_EQ(numbers.try_send(std::move(second)),
            channel_status::would_block);
  ASSERT_NE(second, nullptr)
      << "on anything but ok the value is still the caller's";
  numbers.close();
  EXPECT_EQ(numbers.try_send(std::move(second)), channel_status::closed)
      << "full and closed at once: closed comes first";
}

EXPLORED(channel_limits, try_receive_never_blocks, 0.3, 2) {
  contract("Returns the oldest value if there is one; never blocks.");
  channel<int> numbers(1);

  EXPECT_EQ(numbers.try_receive().status, channel_status::would_block);
  (void)numbers.send(7);
  numbers.close();
  const receive_result<int> seven = numbers.try_receive();

  EXPECT_EQ(seven.status, channel_status::ok)
      << "closed, but not drained: ok comes first";
  EXPECT_EQ(seven.value, 7);
  EXPECT_EQ(numbers.try_receive().status, channel_status::closed)
      << "empty and closed at once: closed comes first";
}

EXPLORED(channel_limits, a_send_gives_up_on_time, 0.3, 3,
         .timeouts_race = false, .virtual_time = true) {
  contract("returns timed_out once `deadline` has passed");
  channel<std::unique_ptr<int>> numbers(1);
  auto second = std::make_unique<int>(2);
  (void)numbers.send(std::make_unique<int>(1));
  std::jthread clock([] { std::this_thread::sleep_for(4s); });

  const channel_status status =
      numbers.send_for(std::move(second), 10s);

  EXPECT_EQ(status, channel_status::timed_out);
  EXPECT_EQ(explore::now(), 10s)
      << "is the time that is left measured anew at every wakeup?";
  EXPECT_NE(second, nullptr) << "the value is still the caller's";
  EXPECT_EQ(**numbers.receive(), 1);
  EXPECT_EQ(numbers.try_receive().status, channel_status::would_block)
      << "a send that timed out left its value in the channel";
}

EXPLORED(channel_limits, a_receive_gives_up_on_time, 0.3, 3,
         .timeouts_race = false, .virtual_time = true) {
  contract("returns timed_out once `deadline` has passed");
  channel<int> numbers(1);
  std::jthread clock([&] {
    for (int i = 0; i < 3; ++i) {
      std::this_thread::sleep_for(3s);
      (void)numbers.send(1);
      (void)numbers.try_receive();  // for most, a wakeup for nothing
    }
  });

  receive_result<int> result = {channel_status::ok, 0};
  while (result.status == channel_status::ok && explore::now() < 9s) {
    result = numbers.receive_until(channel<int>::clock::now() +
                                   (10s - explore::now()));
  }

  if (result.status != channel_status::ok) {
    EXPECT_EQ(result.status, channel_status::timed_out);
    EXPECT_EQ(explore::now(), 10s)
        << "is the time that is left measured anew at every wakeup?";
  }
}

EXPLORED(channel_limits, a_passed_deadline_comes_last, 0.3, 2) {
  contract("A deadline in the past is allowed");
  channel<int> numbers(1);
  const auto past = channel<int>::clock::now() - 1s;

  EXPECT_EQ(numbers.receive_until(past).status,
            channel_status::timed_out);
  EXPECT_EQ(
      numbers.receive_until(channel<int>::clock::time_point::min())
          .status,
      channel_status::timed_out)
      << "the time left until the first moment of the clock overflows";
  EXPECT_EQ(numbers.send_until(7, past), channel_status::ok)
      << "there is room: is the deadline looked at first?";
  EXPECT_EQ(numbers.send_until(8, past), channel_status::timed_out);
  EXPECT_EQ(numbers.receive_until(past).value, 7)
      << "there is a value: is the deadline looked at first?";
  numbers.close();
  EXPECT_EQ(numbers.receive_until(past).status, channel_status::closed)
      << "closed comes before timed_out";
}

EXPLORED(channel_limits, a_timeout_beyond_the_clock_waits, 0.3, 2) {
  contract("one that is too far away is as far as the clock goes");
  std::atomic<bool> sent = false;
  channel<int> numbers(1);
  (void)numbers.send(1);

  std::jthread sender([&] {
    explore::role("sender");
    sent = numbers.send_for(2, channel<int>::clock::duration::max()) ==
           channel_status::ok;
  });
  EXPECT_EQ(numbers.receive(), 1);
  sender.join();

  EXPECT_TRUE(sent) << "now + the longest timeout overflows, and "
                       "becomes a time long past";
}

EXPLORED(channel_limits, a_late_value_stays_in_the_channel, 0.3, 2) {
  contract("each of them once");
  channel<int> numbers(1);

  std::jthread sender([&] { (void)numbers.send(7); });
  const receive_result<int> first = numbers.receive_for(1s);
  sender.join();
  const receive_result<int> second = numbers.try_receive();

  EXPECT_NE(first.status == channel_status::ok,
            second.status == channel_status::ok)
      << "value and deadline met: either the receive returns the "
         "value, or it is left for the next one";
}

EXPLORED(channel_limits, a_timed_call_wakes_when_it_can_go_on, 0.3, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As receive(stop), and returns timed_out once `deadline` has "
      "passed");
  std::atomic<int> received = 0;
  std::atomic<bool> sent = false;
  channel<int> numbers(1);

  std::jthread receiver(
      [&] { received = numbers.receive_for(10s).value.value_or(0); });
  explore::settle();
  (void)numbers.send(7);
  explore::settle();  // no time passes here
  EXPECT_EQ(received, 7) << "a value is there, and a receive with a "
                            "limit sleeps on until its time is up";
  (void)numbers.send(8);
  std::jthread sender(
      [&] { sent = numbers.send_for(9, 10s) == channel_status::ok; });
  explore::settle();
  (void)numbers.receive();
  explore::settle();
  EXPECT_TRUE(sent) << "there is room, and a send with a limit sleeps "
                       "on until its time is up";
}

}  // namespace
}  // namespace workbook::step_3
