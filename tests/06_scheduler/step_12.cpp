// Step 6.12: cancellation, descriptors, the trace.

#include <unistd.h>

#include <array>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "descriptor.hpp"
#include "grading/grading.hpp"
#include "mutex.hpp"
#include "on_one.hpp"
#include "select.hpp"
#include "trace_export.hpp"
#include "wait_group.hpp"

namespace workbook::gmp::step_12 {
namespace {

using namespace testing_kit;

GRADED(gmp_cancel, ends_every_wait, 6.12, 1) {
  contract(
      "As receive(), and returns cancelled once `stop` is requested.");
  contract("As wait(), but returns false once `stop` is requested.");
  contract("As lock(), but returns false once `stop` is requested.");
  contract("As join(), but returns false once `stop` is requested");
  contract(
      "Is taken when a stop is requested and no other case is ready.");
  history happened;

  run_on_one([&] {
    std::stop_source stop;
    channel<int> quiet;
    wait_group group;
    mutex taken;
    handle sleeper = go([&] { (void)quiet.receive(); });
    std::vector<handle> all;
    group.add();
    taken.lock();
    const auto token = stop.get_token();
    all.push_back(go([&] {
      happened.push_back(quiet.receive(token).status ==
                                 channel_status::cancelled
                             ? "receive"
                             : "?");
    }));
    all.push_back(go([&] {
      happened.push_back(group.wait(token) ? "?" : "group");
    }));
    all.push_back(go(
        [&] { happened.push_back(taken.lock(token) ? "?" : "lock"); }));
    all.push_back(go([&] {
      happened.push_back(sleeper.join(token) ? "?" : "join");
    }));
    all.push_back(go([&] {
      std::optional<int> got;
      const auto how =
          gmp::select(receive_from(quiet, got), stopped(token));
      happened.push_back(how.index == 1 ? "select" : "?");
    }));
    yield();
    EXPECT_TRUE(happened.empty());
    stop.request_stop();
    for (handle& each : all) {
      each.join();
    }
    (void)quiet.send(1);
    taken.unlock();
    sleeper.join();
  });

  std::sort(happened.begin(), happened.end());
  EXPECT_EQ(happened,
            (history{"group", "join", "lock", "receive", "select"}));
}

GRADED(gmp_cancel, a_stop_of_before_counts, 6.12, 1) {
  contract("and returns cancelled once `stop` is requested");
  EXPECT_EQ(check_trace({}), "");

  run_on_one([&] {
    std::stop_source stop;
    stop.request_stop();
    channel<int> one(1);
    EXPECT_EQ(one.send(1, stop.get_token()), channel_status::ok);
    EXPECT_EQ(one.send(2, stop.get_token()), channel_status::cancelled);
    EXPECT_EQ(one.receive(stop.get_token()).value, 1);
    EXPECT_EQ(one.receive(stop.get_token()).status,
              channel_status::cancelled);
  });
}

EXPLORED(gmp_cancel, may_come_from_any_thread, 6.12, 1,
         .schedules = 150) {
  contract("Makes a goroutine runnable that is parked, or is about to");
  std::stop_source stop;
  scheduler all(several(1));
  channel_status how = channel_status::ok;

  std::jthread outside([&] {
    explore::role("outside");
    stop.request_stop();
  });
  all.run([&] {
    channel<int> quiet;
    how = quiet.receive(stop.get_token()).status;
  });
  outside.join();

  EXPECT_EQ(how, channel_status::cancelled);
}

// A wait that was cancelled leaves its mark in the group. The done() that
// finds the mark is about to take the lock when the second wait begins.
EXPLORED(gmp_cancel, a_group_may_end_after_its_wait, 6.12, 1,
         .schedules = 300) {
  contract("whoever sees the zero may destroy");
  contract("and touches nothing after its unlock");
  std::stop_source stop;
  stop.request_stop();
  scheduler all(several(2));
  bool ended = false;
  EXPECT_EQ(check_trace({}), "");

  all.run([&] {
    std::optional<wait_group> group(std::in_place);
    group->add(1);
    handle last = go([&] { group->done(); });
    (void)group->wait(stop.get_token());
    group->wait();
    group.emplace();  // its life ends, and another one's begins
    last.join();
    ended = true;
  });

  EXPECT_TRUE(ended);
}

EXPLORED(gmp_cancel, may_come_with_the_last_done, 6.12, 1,
         .schedules = 300) {
  contract("it is woken by the one that sets `claimed`");
  std::stop_source stop;
  scheduler all(several(2));
  int ended = 0;
  EXPECT_EQ(check_trace({}), "");

  all.run([&] {
    wait_group group;
    group.add(1);
    handle one = go([&] { (void)group.wait(stop.get_token()); });
    handle two = go([&] { (void)group.wait(stop.get_token()); });
    handle last = go([&] { group.done(); });
    yield();
    stop.request_stop();
    for (handle* each : {&one, &two, &last}) {
      each->join();
      ++ended;
    }
  });

  EXPECT_EQ(ended, 3);
}

GRADED(gmp_descriptor, parks_the_goroutine_not_the_thread, 6.12, 1) {
  contract("As read(2), but blocks the goroutine, not the thread.");
  std::string got;
  int turns = 0;

  scheduler all({.processors = 1, .monitor = false});
  all.run([&] {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    descriptor in(ends[0]);
    descriptor out(ends[1]);
    handle reader = go([&] {
      std::array<char, 8> bytes{};
      const auto n = in.read(bytes.data(), bytes.size());
      got.assign(bytes.data(), static_cast<std::size_t>(n));
    });
    for (; turns < 3; ++turns) {
      yield();  // the thread is free while the reader waits
    }
    EXPECT_EQ(out.write("hello", 5), 5);
    reader.join();
  });

  EXPECT_EQ(got, "hello");
  EXPECT_EQ(turns, 3);
}

GRADED(gmp_trace, finds_a_goroutine_that_runs_twice, 6.12, 1) {
  contract("a goroutine runs on one machine at a time");
  contract("What is wrong with a complete trace; \"\" if nothing is.");
  const auto event = [](std::uint64_t order, event_kind what) {
    return trace_event{.order = order, .g = 5, .kind = what};
  };

  EXPECT_EQ(
      check_trace(
          {event(0, event_kind::spawned), event(1, event_kind::started),
           event(2, event_kind::parked), event(3, event_kind::resumed),
           event(4, event_kind::ended)}),
      "");
  EXPECT_NE(check_trace({event(0, event_kind::started),
                         event(1, event_kind::resumed)}),
            "");
  EXPECT_NE(check_trace({event(0, event_kind::started),
                         event(1, event_kind::ended),
                         event(2, event_kind::resumed)}),
            "");
}

}  // namespace
}  // namespace workbook::gmp::step_12
