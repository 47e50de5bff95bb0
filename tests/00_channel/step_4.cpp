// Step 0.4: being told to stop.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook::step_4 {
namespace {

using namespace std::chrono_literals;

EXPLORED(channel_stop, a_receive_is_told_to_stop, 0.4, 3) {
  contract(
      "As receive(), and returns cancelled once `stop` is requested");
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
      << "a stop was requested and the receiver waits on; could the "
         "request come between its last look and its sleep?";
  numbers.close();
}

EXPLORED(channel_stop, a_send_is_told_to_stop, 0.4, 3) {
  contract(
      "As send(value), and returns cancelled once `stop` is requested");
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
      << "a stop was requested and the sender waits on, or lost its "
         "value; whom does the stop callback wake, and when?";
  numbers.close();
  EXPECT_EQ(**numbers.receive(), 1);
  EXPECT_EQ(numbers.receive(), std::nullopt)
      << "a send that was cancelled left its value in the channel";
}

EXPLORED(channel_stop, a_stop_has_its_rank, 0.4, 3) {
  contract("Where several would be true, the first one is reported.");
  std::stop_source source;
  source.request_stop();
  const std::stop_token stop = source.get_token();
  const auto past = channel<int>::clock::now() - 1s;
  channel<int> numbers(1);

  EXPECT_EQ(numbers.receive(stop).status, channel_status::cancelled);
  EXPECT_EQ(numbers.receive_until(past, stop).status,
            channel_status::cancelled)
      << "cancelled comes before timed_out";
  EXPECT_EQ(numbers.send(7, stop), channel_status::ok)
      << "there is room: ok comes before cancelled";
  EXPECT_EQ(numbers.send_until(8, past, stop),
            channel_status::cancelled);
  EXPECT_EQ(numbers.receive(stop).value, 7)
      << "there is a value: ok comes before cancelled";
  numbers.close();
  EXPECT_EQ(numbers.receive(stop).status, channel_status::closed)
      << "closed comes before cancelled";
  EXPECT_EQ(numbers.send(9, stop), channel_status::closed)
      << "closed comes before cancelled";
}

EXPLORED(channel_stop, value_and_stop_meet, 0.4, 2) {
  contract("each of them once");
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

  EXPECT_NE(first.has_value(), second.value.has_value())
      << "either the receive returns the value, or it is cancelled and "
         "the value is left for the next one";
}

EXPLORED(channel_stop, the_one_who_is_meant_stops, 0.4, 1) {
  contract("returns cancelled once `stop` is requested");
  std::atomic<bool> cancelled = false;
  channel<int> numbers(1);
  std::jthread other([&] { (void)numbers.receive(); });
  std::jthread stopped([&](std::stop_token stop) {
    explore::role("stopped");
    cancelled =
        numbers.receive(stop).status == channel_status::cancelled;
  });

  explore::settle();  // both sleep on one condition
  stopped.request_stop();
  explore::settle();

  EXPECT_TRUE(cancelled) << "two receivers slept, one was to stop, and "
                            "the other one was woken";
  numbers.close();
}

EXPLORED(channel_stop, the_others_wait_on, 0.4, 2) {
  contract("Blocks while it is open and has no value.");
  std::atomic<int> received = 0;
  channel<int> numbers(1);
  std::jthread other([&] {
    explore::role("other");
    received += numbers.receive().has_value() ? 1 : 0;
  });
  std::jthread stopped([&](std::stop_token stop) {
    explore::role("stopped");
    received += numbers.receive(stop).value ? 1 : 0;
  });

  explore::settle();
  std::jthread sender([&] { (void)numbers.send(1); });
  stopped.request_stop();
  stopped.join();
  explore::settle();

  EXPECT_EQ(received, 1)
      << "one receiver gave up and took another one's wakeup with it: "
         "the value is there, and who could take it sleeps";
  numbers.close();
}

EXPLORED(channel_stop, a_stop_ends_a_timed_wait, 0.4, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "As receive(stop), and returns timed_out once `deadline` has "
      "passed");
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
      << "a receive with a limit does not hear of the stop";
  (void)numbers.send(1);
  std::jthread sender([&](std::stop_token stop) {
    count(numbers.send_for(2, 10s, stop));
  });
  sender.request_stop();
  explore::settle();
  EXPECT_EQ(cancelled, 2)
      << "a send with a limit does not hear of the stop";
}

}  // namespace
}  // namespace workbook::step_4
