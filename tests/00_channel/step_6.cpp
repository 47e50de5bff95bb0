// Step 0.6: stop requests.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <stop_token>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_6 {
namespace {

using namespace std::chrono_literals;

EXPLORED(channel_stop, a_stop_ends_a_receive, 0.6, 1) {
  contract(
      "As receive(), and returns cancelled once `stop` is "
      "requested.");
  std::atomic<bool> cancelled = false;
  channel<int> numbers(1);

  std::jthread receiver([&](std::stop_token stop) {
    explore::role("receiver");
    cancelled =
        numbers.receive(stop).status == channel_status::cancelled;
  });
  receiver.request_stop();  // before, while or after it begins to wait
  explore::settle();

  EXPECT_TRUE(cancelled)
      << "a stop was requested and the receiver still waits; could the "
         "request come between its last look and its sleep?";
  numbers.close();
}

EXPLORED(channel_stop, a_stop_ends_a_send, 0.6, 1) {
  contract(
      "As send(value), and returns cancelled once `stop` is "
      "requested.");
  std::atomic<bool> cancelled = false;
  channel<std::unique_ptr<int>> numbers(1);
  (void)numbers.send(std::make_unique<int>(1));

  std::jthread sender([&](std::stop_token stop) {
    explore::role("sender");
    auto mine = std::make_unique<int>(2);
    const channel_status status = numbers.send(std::move(mine), stop);
    cancelled = status == channel_status::cancelled && mine;
  });
  sender.request_stop();
  explore::settle();

  EXPECT_TRUE(cancelled)
      << "a stop was requested and the sender still waits, or lost its "
         "value; which call does the stop callback wake, and when?";
  numbers.close();
  EXPECT_EQ(**numbers.receive(), 1);
  EXPECT_EQ(numbers.receive(), std::nullopt)
      << "a send that was cancelled left its value in the channel";
}

// What is true of a channel when a call with limits begins.
struct state {
  std::size_t capacity;
  bool has_value;
  bool closed;
  bool stopped;
  bool late;
};

std::ostream& operator<<(std::ostream& out, const state& now) {
  return out << "capacity " << now.capacity
             << (now.has_value ? ", one value" : ", empty")
             << (now.closed ? ", closed" : "")
             << (now.stopped ? ", a stop was requested" : "")
             << (now.late ? ", the deadline has passed" : "");
}

// All states in which such a call need not wait.
template <typename Check>
void in_every_state(Check check) {
  for (unsigned bits = 0; bits < 32; ++bits) {
    const auto bit = [bits](unsigned at) {
      return (bits >> at & 1U) != 0;
    };
    const state now = {bit(0) ? 1U : 0U, bit(1), bit(2), bit(3),
                       bit(4)};
    const bool waits = !now.closed && !now.stopped && !now.late;
    if (!waits && (now.capacity == 1 || !now.has_value)) {
      check(now);
    }
  }
}

// What comes after ok and closed.
channel_status limit_of(const state& now) {
  return now.stopped ? channel_status::cancelled
                     : channel_status::timed_out;
}

// Calls `call(channel, deadline, stop)` in the state `now`.
template <typename Call>
auto call_in(const state& now, Call call) {
  std::stop_source source;
  channel<int> numbers(now.capacity);
  if (now.has_value) {
    (void)numbers.try_send(7);
  }
  if (now.closed) {
    numbers.close();
  }
  if (now.stopped) {
    source.request_stop();
  }
  const auto deadline = channel<int>::clock::now();
  return call(numbers, now.late ? deadline - 1s : deadline + 100s,
              source.get_token());
}

void expect_receive(const state& now) {
  const channel_status wanted = now.has_value ? channel_status::ok
                                : now.closed  ? channel_status::closed
                                              : limit_of(now);

  const receive_result<int> received =
      call_in(now, [](auto& numbers, auto deadline, auto stop) {
        return numbers.receive_until(deadline, stop);
      });

  EXPECT_EQ(received.status, wanted) << "a receive; " << now;
  EXPECT_EQ(received.value.has_value(), now.has_value)
      << "a receive; " << now;
}

void expect_send(const state& now) {
  const bool room = now.capacity == 1 && !now.has_value;
  const channel_status wanted = now.closed ? channel_status::closed
                                : room     ? channel_status::ok
                                           : limit_of(now);

  const channel_status sent =
      call_in(now, [](auto& numbers, auto deadline, auto stop) {
        return numbers.send_until(8, deadline, stop);
      });

  EXPECT_EQ(sent, wanted) << "a send; " << now;
}

EXPLORED(channel_stop, the_first_reason_is_reported, 0.6, 1,
         .schedules = 2) {
  contract(
      "How a call ended. If several of these apply, the call "
      "reports the first one in this order.");

  in_every_state([](const state& now) {
    expect_receive(now);
    expect_send(now);
  });
}

EXPLORED(channel_stop, closed_comes_before_cancelled, 0.6, 1) {
  contract(
      "If several of these apply, the call reports the first one in "
      "this order.");
  std::stop_source source;
  source.request_stop();
  const std::stop_token stop = source.get_token();
  const auto past = channel<int>::clock::now() - 1s;
  channel<int> numbers(1);

  numbers.close();

  EXPECT_EQ(numbers.receive(stop).status, channel_status::closed);
  EXPECT_EQ(numbers.receive_for(1s, stop).status,
            channel_status::closed);
  EXPECT_EQ(numbers.receive_until(past, stop).status,
            channel_status::closed);
  EXPECT_EQ(numbers.send(9, stop), channel_status::closed);
  EXPECT_EQ(numbers.send_for(9, 1s, stop), channel_status::closed);
  EXPECT_EQ(numbers.send_until(9, past, stop), channel_status::closed);
}

EXPLORED(channel_stop, a_stop_after_close_is_late, 0.6, 1) {
  contract(
      "If several of these apply, the call reports the first one in "
      "this order.");
  std::optional<channel_status> status;
  channel<int> numbers(1);
  std::jthread receiver([&](std::stop_token stop) {
    explore::role("receiver");
    status = numbers.receive_for(100s, stop).status;
  });
  explore::settle();

  numbers.close();
  receiver.request_stop();  // perhaps before the receiver is awake
  receiver.join();

  EXPECT_NE(status, channel_status::cancelled)
      << "the channel was closed first, and closed comes first";
}

EXPLORED(channel_stop, a_deadline_after_that_is_late, 0.6, 1,
         .virtual_time = true) {
  contract(
      "If several of these apply, the call reports the first one in "
      "this order.");
  // Time passes in moments of up to 1 ms here: in some of the rounds
  // the deadline comes between the event and the end of the call.
  for (int round = 0; round < 20; ++round) {
    const bool stops = round % 2 == 0;
    std::optional<channel_status> status;
    std::stop_source source;
    channel<int> numbers;
    const auto deadline = channel<int>::clock::now() + 1ms;
    std::jthread receiver = explore::actor("receiver", [&] {
      status =
          numbers.receive_until(deadline, source.get_token()).status;
    });
    explore::settle();

    if (stops) {
      source.request_stop();
    } else {
      numbers.close();
    }
    const bool in_time = channel<int>::clock::now() < deadline;
    receiver.join();

    EXPECT_TRUE(!in_time || status != channel_status::timed_out)
        << "the channel was closed, or a stop was requested, before "
           "the deadline; that the receiver wakes late changes nothing";
  }
}

EXPLORED(channel_stop, a_stop_after_the_value_is_late, 0.6, 1) {
  contract(
      "If several of these apply, the call reports the first one in "
      "this order.");
  for (const std::size_t capacity : {0, 1}) {
    std::atomic<int> received = 0;
    channel<int> numbers(capacity);
    std::jthread receiver([&](std::stop_token stop) {
      explore::role("receiver");
      received = numbers.receive(stop).value.value_or(0);
    });
    explore::settle();

    EXPECT_EQ(numbers.try_send(7), channel_status::ok);
    receiver.request_stop();  // perhaps before the receiver is awake
    receiver.join();

    EXPECT_EQ(received, 7)
        << "the value was handed over, and then the receiver reported "
           "that it was cancelled: nobody has the value";
  }
}

EXPLORED(channel_stop, both_sides_agree_on_a_stop, 0.6, 1) {
  contract(
      "A value that was handed over before the call gave up counts: "
      "the call returns ok, even if it is late.");
  std::atomic<bool> sent = false;
  channel<int> numbers;

  std::jthread sender([&](std::stop_token stop) {
    explore::role("sender");
    sent = numbers.send(7, stop) == channel_status::ok;
  });
  std::jthread stopper([&] { sender.request_stop(); });
  const auto received = numbers.try_receive();
  sender.join();

  EXPECT_EQ(sent, received.status == channel_status::ok)
      << "one side says that the value was handed over, the other one "
         "that the call was cancelled";
}

EXPLORED(channel_stop, a_cancelled_receiver_takes_nothing, 0.6, 1) {
  contract(
      "What a receive with limits returns. It has a value if and "
      "only if `status` is channel_status::ok.");
  std::optional<int> first;
  channel<int> numbers(1);

  std::jthread receiver([&](std::stop_token stop) {
    explore::role("receiver");
    first = numbers.receive(stop).value;
  });
  std::jthread sender([&] { (void)numbers.send(7); });
  receiver.request_stop();
  receiver.join();
  sender.join();
  const receive_result<int> second = numbers.try_receive();

  EXPECT_EQ(second.status == channel_status::ok,
            second.value.has_value());
  EXPECT_NE(first.has_value(), second.value.has_value())
      << "either the receive returns the value, or it is cancelled and "
         "the value stays for the next one";
}

EXPLORED(channel_stop, the_right_receiver_stops, 0.6, 1) {
  contract(
      "As receive(), and returns cancelled once `stop` is "
      "requested.");
  std::atomic<bool> cancelled = false;
  std::atomic<int> received = 0;
  channel<int> numbers(1);
  std::jthread other = explore::actor("other", [&] {
    received += numbers.receive().has_value() ? 1 : 0;
  });
  explore::settle();
  std::jthread stopped([&](std::stop_token stop) {
    explore::role("stopped");
    cancelled =
        numbers.receive(stop).status == channel_status::cancelled;
  });
  explore::settle();

  stopped.request_stop();
  explore::settle();
  EXPECT_TRUE(cancelled) << "two receivers waited, one of them was to "
                            "stop, and it still waits";
  EXPECT_EQ(received, 0) << "the other receiver has no value yet";
  (void)numbers.send(1);
  explore::settle();

  EXPECT_EQ(received, 1) << "one receiver gave up, and with it went "
                            "the wakeup, or the value, of the other";
  numbers.close();
}

EXPLORED(channel_stop, the_right_sender_stops, 0.6, 1) {
  contract(
      "Senders that wait are served in the order in which they began "
      "to wait.");
  std::atomic<bool> cancelled = false;
  std::stop_source source;
  channel<int> numbers;
  std::jthread first =
      explore::actor("first", [&] { (void)numbers.send(1); });
  explore::settle();
  std::jthread second = explore::actor("second", [&] {
    cancelled = numbers.send(2, source.get_token()) ==
                channel_status::cancelled;
  });
  explore::settle();
  std::jthread third =
      explore::actor("third", [&] { (void)numbers.send(3); });
  explore::settle();

  source.request_stop();
  explore::settle();
  const receive_result<int> one = numbers.try_receive();
  const receive_result<int> three = numbers.try_receive();
  numbers.close();

  EXPECT_TRUE(cancelled);
  EXPECT_EQ(one.value, 1)
      << "the second of three senders was cancelled, and the first one "
         "left the queue, or its place in it";
  EXPECT_EQ(three.value, 3)
      << "the second of three senders was cancelled, and the third one "
         "left the queue";
}

EXPLORED(channel_stop, a_stop_ends_a_timed_wait, 0.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As receive(stop), and returns timed_out once `deadline` "
      "has passed.");
  std::atomic<int> cancelled = 0;
  const auto count = [&](channel_status status) {
    cancelled += status == channel_status::cancelled ? 1 : 0;
  };
  channel<int> numbers(1);

  std::jthread receiver([&](std::stop_token stop) {
    count(numbers.receive_for(10s, stop).status);
  });
  receiver.request_stop();
  explore::settle();  // no time passes here
  EXPECT_EQ(cancelled, 1)
      << "a receive with a deadline does not react to the stop";
  (void)numbers.send(1);
  std::jthread sender([&](std::stop_token stop) {
    count(numbers.send_for(2, 10s, stop));
  });
  sender.request_stop();
  explore::settle();
  EXPECT_EQ(cancelled, 2)
      << "a send with a deadline does not react to the stop";
}

}  // namespace
}  // namespace workbook::step_6
