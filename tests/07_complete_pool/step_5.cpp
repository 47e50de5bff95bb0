// Step 7.5: a capacity that changes, and a pause.

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook::step_5 {
namespace {

EXPLORED(elastic_resize, no_capacity_is_refused, 7.5, 1) {
  contract("Throws std::invalid_argument if `capacity` is 0.");
  pool one({.capacity = 1});

  EXPECT_THROW(one.resize(0), std::invalid_argument);
  EXPECT_EQ(one.stats().capacity, 1U);
}

EXPLORED(elastic_resize, upwards_serves_all_that_fit, 7.5, 1) {
  contract(
      "Upwards, starts a worker for each task that was waiting and has "
      "room now.");
  explore::gate gate;
  headcount tasks;
  pool one({.capacity = 1});
  occupy(one, gate);
  const auto submit = [&] {
    (void)one.submit([&] {
      tasks.enter();
      gate.wait();
      tasks.leave();
    });
  };

  std::jthread first(submit);
  std::jthread second(submit);
  std::jthread third(submit);
  explore::settle();
  one.resize(3);
  explore::settle();
  const int running = tasks.inside;
  const std::size_t waiting = one.stats().waiting;
  gate.open();
  first.join();
  second.join();
  third.join();

  EXPECT_EQ(running, 2) << "two submitters have room now";
  EXPECT_EQ(waiting, 1U);
}

EXPLORED(elastic_resize, a_waiter_whose_worker_cannot_start, 7.5, 1) {
  contract("Throws std::system_error … if a worker is needed");
  explore::gate gate;
  std::atomic<bool> thrown = false;
  std::atomic<bool> kept = false;
  pool one({.capacity = 1});
  occupy(one, gate);

  std::jthread submitter([&] {
    pool::task job([] {});
    try {
      (void)one.submit(std::move(job));
    } catch (const std::system_error&) {
      thrown = true;
      kept = bool(job);
    }
  });
  explore::settle();
  explore::fail_thread_start();
  one.resize(2);
  submitter.join();
  const pool_stats now = one.stats();
  gate.open();

  EXPECT_TRUE(thrown) << "the exception belongs to the submitter";
  EXPECT_TRUE(kept);
  EXPECT_EQ(now.waiting, 0U);
  EXPECT_EQ(now.rejected, 1U);
}

EXPLORED(elastic_resize, downwards_returns_at_once, 7.5, 1) {
  contract("returns at once … a busy one leaves after its task");
  explore::gate gate;
  pool three({.capacity = 3});
  for (int i = 0; i < 3; ++i) {
    occupy(three, gate);
  }

  three.resize(1);  // blocks forever if it waits for busy workers
  const pool_stats during = three.stats();
  gate.open();
  explore::settle();
  const pool_stats after = three.stats();

  EXPECT_EQ(during.workers, 3U);
  EXPECT_EQ(during.capacity, 1U);
  EXPECT_EQ(after.workers, 1U) << "4 to 1 must not end at 0";
  EXPECT_EQ(after.idle, 1U);
  EXPECT_EQ(after.high_water, 3U) << "the mark must not fall";
}

EXPLORED(elastic_resize, no_more_leave_than_are_too_many, 7.5, 1) {
  contract("No more leave than are too many.");
  explore::gate gate;
  pool four({.capacity = 4});
  occupy(four, gate);
  occupy(four, gate);
  (void)four.submit([] {});
  (void)four.submit([] {});  // idle sooner or later

  four.resize(3);
  four.resize(2);
  gate.open();
  explore::settle();

  EXPECT_EQ(four.stats().workers, 2U);
}

EXPLORED(elastic_resize, down_to_one_proved, 7.5, 1,
         .schedules = 100'000, .exhaustive = 2,
         .spurious_wakeups = false) {
  contract("No more leave than are too many.");
  pool two({.capacity = 2});
  (void)two.submit([] {});
  (void)two.submit([] {});

  two.resize(1);
  explore::settle();

  EXPECT_EQ(two.stats().workers, 1U)
      << "two workers have both seen that one is too many";
}

EXPLORED(elastic_resize, the_coldest_leave_first, 7.5, 1) {
  contract("dismisses idle workers, longest idle first");
  explore::gate one_gate;
  explore::gate other_gate;
  std::atomic<std::thread::id> cold;
  std::atomic<std::thread::id> warm;
  std::atomic<std::thread::id> last;
  pool two({.capacity = 2});
  (void)two.submit([&] {
    cold = std::this_thread::get_id();
    one_gate.wait();
  });
  (void)two.submit([&] {
    warm = std::this_thread::get_id();
    other_gate.wait();
  });
  one_gate.open();
  explore::settle();
  other_gate.open();
  explore::settle();

  two.resize(1);
  explore::settle();
  (void)two.submit([&] { last = std::this_thread::get_id(); });
  explore::settle();

  EXPECT_EQ(two.stats().spawned, 2U);
  EXPECT_EQ(last.load(), warm.load())
      << "the warm worker was dismissed";
}

EXPLORED(elastic_resize, a_slot_that_is_left_serves_a_submitter, 7.5,
         1) {
  contract("Blocks while there are `capacity` workers");
  explore::gate gate;
  std::atomic<int> ran = 0;
  {
    pool two({.capacity = 2});
    (void)two.submit([] {});
    explore::settle();
    occupy(two, gate);  // by the idle worker
    (void)two.submit([] {});
    explore::settle();  // one is busy, one idle
    two.resize(1);      // the idle one is to leave
    two.resize(2);
    EXPECT_EQ(two.submit([&] { ++ran; }), submit_result::accepted)
        << "the busy worker is held until this is accepted";
    gate.open();
    EXPECT_LE(two.stats().high_water, 2U);
  }
  EXPECT_EQ(ran, 1);
}

EXPLORED(elastic_resize, one_thread_is_left_after_many_changes, 7.5,
         1) {
  contract(
      "elastic_pool<Threads> runs tasks on up to `capacity` "
      "workers");
  std::size_t most = 0;
  {
    pool some({.capacity = 3});
    std::jthread submitter([&] {
      for (int i = 0; i < 4; ++i) {
        (void)some.submit([] {});
      }
    });
    some.resize(1);
    some.resize(2);
    submitter.join();
    explore::settle();
    most = some.stats().workers;
  }
  EXPECT_LE(most, 2U);
  EXPECT_GE(most, 1U);
}

EXPLORED(elastic_pause, a_paused_pool_begins_nothing, 7.5, 1) {
  contract("From now on workers begin no task; tasks that run go on.");
  explore::gate gate;
  std::atomic<int> ran = 0;
  pool three({.capacity = 3});
  (void)three.submit([&] {
    gate.wait();
    ++ran;
  });
  explore::settle();  // it runs

  three.pause();
  EXPECT_EQ(three.submit([&] { ran += 10; }), submit_result::accepted);
  EXPECT_EQ(three.submit([&] { ran += 10; }), submit_result::accepted);
  gate.open();
  explore::settle();
  const int paused = ran;
  three.resume();
  explore::settle();

  EXPECT_EQ(paused, 1) << "the task that ran goes on, and no other "
                          "begins";
  EXPECT_EQ(ran, 21) << "resume lets every worker begin";
}

EXPLORED(elastic_pause, a_paused_pool_fills_up, 7.5, 1) {
  contract(
      "Tasks are accepted as before, as long as a worker can hold "
      "them.");
  std::atomic<int> ran = 0;
  pool one({.capacity = 1, .nonblocking = true});
  one.pause();

  const submit_result first = one.submit([&] { ++ran; });
  const submit_result second = one.submit([&] { ++ran; });
  explore::settle();
  const int paused = ran;
  one.resume();
  explore::settle();

  EXPECT_EQ(first, submit_result::accepted);
  EXPECT_EQ(second, submit_result::overloaded);
  EXPECT_EQ(paused, 0);
  EXPECT_EQ(ran, 1);
}

EXPLORED(elastic_pause, shutdown_ends_a_pause, 7.5, 1) {
  contract("a pause ends, idle workers leave");
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  one.pause();
  EXPECT_EQ(one.submit([&] { ++ran; }), submit_result::accepted);

  std::jthread pauser([&] { one.pause(); });
  (void)one.shutdown(shutdown_mode::drain);

  EXPECT_EQ(ran, 1);
}

EXPLORED(elastic_pause, a_closed_pool_is_not_paused, 7.5, 1) {
  contract("No effect unless the pool is open.");
  explore::gate gate;
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  std::jthread closer;
  (void)one.submit([&] { ++ran; });
  closer =
      std::jthread([&] { (void)one.shutdown(shutdown_mode::drain); });
  one.pause();
  closer.join();  // hangs if the drain was paused
  one.pause();

  EXPECT_EQ(ran, 1);
}

EXPLORED(elastic_pause, discard_returns_the_oldest_first, 7.5, 0) {
  contract("the accepted tasks that have not begun, oldest first");
  std::vector<int> order;
  std::vector<pool::task> unrun;
  {
    pool three({.capacity = 3});
    three.pause();
    for (int i = 0; i < 3; ++i) {
      (void)three.submit([&order, i] { order.push_back(i); });
    }
    unrun = three.shutdown(shutdown_mode::discard);
  }
  const std::size_t run_by_the_pool = order.size();
  for (pool::task& each : unrun) {
    each();
  }
  EXPECT_EQ(run_by_the_pool, 0U) << "the pool was paused";
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

EXPLORED(elastic_pause, a_second_shutdown_may_discard, 7.5, 0) {
  contract("as far as no other shutdown has");
  explore::gate gate;
  std::atomic<std::size_t> returned = 0;
  std::atomic<int> ran = 0;
  {
    pool two({.capacity = 2});
    two.pause();
    (void)two.submit([&] { ++ran; });
    (void)two.submit([&] { ++ran; });
    const auto discard = [&] {
      returned += two.shutdown(shutdown_mode::discard).size();
    };
    std::jthread one(discard);
    std::jthread other(discard);
  }
  EXPECT_EQ(returned, 2U) << "each task is returned exactly once";
  EXPECT_EQ(ran, 0);
}

}  // namespace
}  // namespace workbook::step_5
