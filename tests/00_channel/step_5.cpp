// Step 0.5: deadlines.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_5 {
namespace {

using namespace std::chrono_literals;
using clock = channel<int>::clock;

// Long, and inside the range of virtual time (31 years).
constexpr std::chrono::nanoseconds decade =
    std::chrono::hours(24 * 365 * 10);

EXPLORED(channel_deadline, a_send_gives_up_on_time, 0.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As send(value, stop), and returns timed_out once `deadline` has "
      "passed.");
  channel<std::unique_ptr<int>> numbers(1);
  auto second = std::make_unique<int>(2);
  (void)numbers.send(std::make_unique<int>(1));
  // So that a wait that ends without a reason can end at 4 s.
  std::jthread other([] { std::this_thread::sleep_for(4s); });

  const channel_status status =
      numbers.send_for(std::move(second), 10s);

  EXPECT_EQ(status, channel_status::timed_out);
  EXPECT_EQ(explore::now(), 10s)
      << "the timeout was 10 s; does it start again at every wakeup?";
  EXPECT_NE(second, nullptr) << "the value still belongs to its caller";
  EXPECT_EQ(**numbers.receive(), 1);
  EXPECT_EQ(numbers.try_receive().status, channel_status::would_block)
      << "a send that timed out left its value in the channel";
}

EXPLORED(channel_deadline, a_receive_gives_up_on_time, 0.5, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As receive(stop), and returns timed_out once `deadline` has "
      "passed.");
  channel<int> numbers(1);
  std::jthread other([] { std::this_thread::sleep_for(4s); });

  const receive_result<int> result = numbers.receive_for(10s);

  EXPECT_EQ(result.status, channel_status::timed_out);
  EXPECT_EQ(result.value, std::nullopt);
  EXPECT_EQ(explore::now(), 10s)
      << "the timeout was 10 s; does it start again at every wakeup?";
}

EXPLORED(channel_deadline, a_timed_call_waits_for_an_event, 0.5, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("A call that waits is asleep: it does not poll.");
  std::atomic<int> received = 0;
  std::atomic<bool> sent = false;
  channel<int> numbers(1);

  std::jthread receiver(
      [&] { received = numbers.receive_for(10s).value.value_or(0); });
  explore::settle();
  (void)numbers.send(7);
  explore::settle();  // no time passes here
  EXPECT_EQ(received, 7) << "a value was sent, and a receive with a "
                            "deadline sleeps on until its time is up";
  (void)numbers.send(8);
  std::jthread sender(
      [&] { sent = numbers.send_for(9, 10s) == channel_status::ok; });
  explore::settle();
  (void)numbers.receive();
  explore::settle();
  EXPECT_TRUE(sent) << "there is room, and a send with a deadline "
                       "sleeps on until its time is up";
}

EXPLORED(channel_deadline, a_passed_deadline_comes_last, 0.5, 2) {
  contract(
      "With a deadline in the past it sends if the value can be "
      "accepted at once.");
  channel<int> numbers(1);
  const auto past = clock::now() - 1s;

  EXPECT_EQ(numbers.receive_until(past).status,
            channel_status::timed_out);
  EXPECT_EQ(numbers.receive_until(clock::time_point::min()).status,
            channel_status::timed_out)
      << "the earliest time there is; does a difference overflow?";
  EXPECT_EQ(numbers.send_until(7, past), channel_status::ok)
      << "there is room: is the deadline looked at first?";
  EXPECT_EQ(numbers.send_until(8, past), channel_status::timed_out);
  EXPECT_EQ(numbers.receive_until(past).value, 7)
      << "there is a value: is the deadline looked at first?";
  numbers.close();
  EXPECT_EQ(numbers.receive_until(past).status, channel_status::closed)
      << "closed comes before timed_out";
  EXPECT_EQ(numbers.send_until(9, past), channel_status::closed)
      << "closed comes before timed_out";
}

EXPLORED(channel_deadline, a_late_receive_meets_a_sender, 0.5, 1) {
  contract(
      "With a deadline in the past it receives what there is at once.");
  for (const int capacity : {0, 1}) {
    std::atomic<bool> sent = false;
    channel<int> numbers(static_cast<std::size_t>(capacity));
    EXPECT_EQ(numbers.receive_until(clock::now() - 1s).status,
              channel_status::timed_out);
    std::jthread sender([&] {
      explore::role("sender");
      sent = numbers.send(1) == channel_status::ok &&
             numbers.send(2) == channel_status::ok;
    });
    explore::settle();

    EXPECT_EQ(numbers.receive_until(clock::now() - 1s).value, 1)
        << "the value of a sender that waits can be received at once";
    explore::settle();
    EXPECT_EQ(sent, capacity == 1)
        << "a receive whose deadline has passed took a value out of "
           "the buffer; which call can go on?";
    numbers.close();
  }
}

EXPLORED(channel_deadline, a_negative_timeout_has_passed, 0.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As send_until, with a deadline that is `timeout` from now. A "
      "negative timeout has passed;");
  channel<int> numbers(1);

  EXPECT_EQ(numbers.receive_for(-1s).status, channel_status::timed_out);
  EXPECT_EQ(numbers.receive_for(clock::duration::min()).status,
            channel_status::timed_out);
  EXPECT_EQ(numbers.send_for(7, -1s), channel_status::ok);
  EXPECT_EQ(numbers.send_for(8, -1s), channel_status::timed_out);
  EXPECT_EQ(numbers.send_for(8, clock::duration::min()),
            channel_status::timed_out);
  EXPECT_EQ(numbers.send_for(8, 0s), channel_status::timed_out);
  EXPECT_EQ(explore::now(), 0s) << "no time was left to wait for";
}

EXPLORED(channel_deadline, the_longest_timeout_never_passes, 0.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As receive_until, with a deadline that is `timeout` from "
      "now. A negative timeout has passed; one beyond the clock's "
      "range never passes.");
  std::atomic<int> sent = 0;
  std::atomic<int> received = 0;
  channel<int> numbers;

  std::this_thread::sleep_for(1s);  // now is not the clock's first time
  {
    std::jthread sender([&] {
      explore::role("sender");
      sent += numbers.send_for(1, clock::duration::max()) ==
                      channel_status::ok
                  ? 1
                  : 0;
    });
    std::this_thread::sleep_for(decade);
    received += numbers.try_receive().value.value_or(0);
  }
  {
    std::jthread receiver([&] {
      explore::role("receiver");
      received +=
          numbers.receive_for(clock::duration::max()).value.value_or(0);
    });
    std::this_thread::sleep_for(decade);
    sent += numbers.try_send(10) == channel_status::ok ? 1 : 0;
  }

  EXPECT_EQ(sent, 2) << "now plus the longest timeout overflows, and "
                        "becomes a time that passes";
  EXPECT_EQ(received, 11);
}

EXPLORED(channel_deadline, a_long_timeout_passes, 0.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As receive_until, with a deadline that is `timeout` from now.");
  channel<int> numbers;

  EXPECT_EQ(numbers.receive_for(decade).status,
            channel_status::timed_out);
  EXPECT_EQ(numbers.send_for(1, decade), channel_status::timed_out);
  EXPECT_EQ(numbers.receive_for(1ns).status, channel_status::timed_out);

  EXPECT_EQ(explore::now(), 2 * decade + 1ns)
      << "a deadline is kept to the nanosecond, and in ten years";
}

EXPLORED(channel_deadline, a_late_value_stays_in_the_channel, 0.5, 1) {
  contract(
      "Values are received in the order in which they were accepted, "
      "each exactly once.");
  channel<int> numbers(1);

  std::jthread sender([&] { (void)numbers.send(7); });
  const receive_result<int> first =
      numbers.receive_until(channel<int>::clock::now());
  sender.join();
  const receive_result<int> second = numbers.try_receive();

  EXPECT_NE(first.status == channel_status::ok,
            second.status == channel_status::ok)
      << "a value and a deadline met: either the receive returns the "
         "value, or the value stays for the next one";
}

EXPLORED(channel_deadline, what_timed_out_is_gone, 0.5, 1) {
  contract(
      "On any other status the value is untouched and still the "
      "caller's.");
  channel<std::unique_ptr<int>> numbers;
  auto mine = std::make_unique<int>(7);

  const channel_status status = numbers.send_for(std::move(mine), 1s);
  const auto late = numbers.try_receive();

  EXPECT_EQ(status, channel_status::timed_out);
  EXPECT_NE(mine, nullptr);
  EXPECT_EQ(late.status, channel_status::would_block)
      << "a sender timed out, and a receiver found its value all the "
         "same; what did it leave in the queue?";
}

EXPLORED(channel_deadline, a_receiver_that_left_takes_nothing, 0.5, 1) {
  contract(
      "A call that is in a queue waits and has no result. Whoever "
      "gives it a result also takes it out of its queue.");
  channel<int> numbers;

  const receive_result<int> none = numbers.receive_for(1s);

  EXPECT_EQ(none.status, channel_status::timed_out);
  EXPECT_EQ(numbers.try_send(1), channel_status::would_block)
      << "a receiver timed out, and still counts as waiting";
}

EXPLORED(channel_deadline, both_sides_agree, 0.5, 2) {
  contract(
      "A value that was handed over before the call gave up counts: "
      "the call returns ok, even if it is late.");
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
      << "one side says that the value was handed over, the other one "
         "that the time was up";
  EXPECT_EQ(received.value.has_value(), !kept)
      << "exactly one of the two must have the value";
}

EXPLORED(channel_deadline, the_right_sender_leaves, 0.5, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "Senders that wait are served in the order in which they began "
      "to wait.");
  channel<int> numbers;
  std::jthread first =
      explore::actor("first", [&] { (void)numbers.send(1); });
  explore::settle();
  std::jthread second = explore::actor("second", [&] {
    EXPECT_EQ(numbers.send_for(2, 1s), channel_status::timed_out);
  });
  explore::settle();
  std::jthread third =
      explore::actor("third", [&] { (void)numbers.send(3); });
  explore::settle();

  second.join();  // 1 s later, from the middle of the queue
  const receive_result<int> one = numbers.try_receive();
  const receive_result<int> three = numbers.try_receive();
  numbers.close();

  EXPECT_EQ(one.value, 1) << "the second of three senders timed out, "
                             "and the first one left the queue";
  EXPECT_EQ(three.value, 3) << "the second of three senders timed out, "
                               "and the third one left the queue";
}

}  // namespace
}  // namespace workbook::step_5
