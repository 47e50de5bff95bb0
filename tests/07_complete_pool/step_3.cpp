// Step 7.3: submitters that wait, and those that must not.

#include <array>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook::step_3 {
namespace {

using std::chrono::seconds;

pool::time_point after(seconds time) {
  return std::chrono::steady_clock::now() + time;
}

EXPLORED(elastic_wait, a_full_pool_holds_its_submitter, 7.3, 1) {
  contract(
      "Blocks while there are `capacity` workers and all have a "
      "task.");
  explore::gate gate;
  std::atomic<bool> returned = false;
  submit_result result = submit_result::closed;
  pool one({.capacity = 1});
  occupy(one, gate);

  std::jthread submitter([&] {
    result = one.submit([] {});
    returned = true;
  });
  explore::settle();
  const bool too_early = returned;
  const pool_stats now = one.stats();
  gate.open();
  submitter.join();

  EXPECT_FALSE(too_early) << "the only worker is busy";
  EXPECT_EQ(now.waiting, 1U);
  EXPECT_EQ(result, submit_result::accepted);
}

EXPLORED(elastic_wait, never_more_workers_than_capacity, 7.3, 1) {
  contract("if there are `capacity` workers, its submitter waits");
  headcount tasks;
  pool one({.capacity = 1});
  const auto submit = [&] {
    EXPECT_EQ(one.submit([&] {
      tasks.enter();
      std::this_thread::yield();
      tasks.leave();
    }),
              submit_result::accepted);
  };

  std::jthread first(submit);
  std::jthread second(submit);
  submit();
  first.join();
  second.join();
  explore::settle();

  EXPECT_EQ(tasks.most, 1)
      << "two tasks ran at once in a pool of one: "
         "two submitters have passed the same test";
  EXPECT_EQ(one.stats().high_water, 1U);
  EXPECT_EQ(one.stats().completed, 3U);
}

EXPLORED(elastic_wait, a_pool_of_one_proved, 7.3, 1,
         .schedules = 100'000, .exhaustive = 2,
         .spurious_wakeups = false) {
  contract("if there are `capacity` workers, its submitter waits");
  pool one({.capacity = 1});
  {
    std::jthread other([&] { (void)one.submit([] {}); });
    (void)one.submit([] {});
  }
  const pool_stats now = one.stats();

  EXPECT_EQ(now.high_water, 1U) << "a pool of one had two workers";
  EXPECT_EQ(now.accepted, 2U);
}

EXPLORED(elastic_wait, two_workers_proved, 7.3, 1, .schedules = 100'000,
         .exhaustive = 2, .spurious_wakeups = false) {
  contract("At most this many workers exist at once.");
  explore::gate gate;
  pool two({.capacity = 2, .nonblocking = true});
  (void)two.submit([&] { gate.wait(); });
  explore::settle();  // one worker is busy
  {
    std::jthread other([&] { (void)two.submit([] {}); });
    (void)two.submit([] {});
  }
  const pool_stats now = two.stats();
  gate.open();

  EXPECT_EQ(now.high_water, 2U) << "a pool of two had three workers";
  EXPECT_EQ(now.submitted, now.accepted + now.rejected);
}

EXPLORED(elastic_wait, who_came_first_is_served_first, 7.3, 1) {
  contract(
      "submitters that wait are served in the order in which they "
      "came");
  explore::gate gate;
  std::vector<int> order;  // only one task runs at a time
  {
    pool one({.capacity = 1});
    occupy(one, gate);
    const auto submit = [&](int number) {
      (void)one.submit([&order, number] { order.push_back(number); });
    };
    std::jthread first([&] { submit(1); });
    explore::settle();
    std::jthread second([&] { submit(2); });
    explore::settle();
    gate.open();
    submit(3);
    first.join();
    second.join();
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}))
      << "a submitter passed another one that waited";
}

EXPLORED(elastic_wait, a_nonblocking_pool_is_overloaded, 7.3, 1) {
  contract(
      "overloaded if it would have to wait and the pool is "
      "nonblocking");
  explore::gate gate;
  std::atomic<int> alive = 0;
  explore::payload held(&alive);
  pool one({.capacity = 1, .nonblocking = true});
  occupy(one, gate);

  pool::task job([held = std::move(held)] {});
  const submit_result result = one.submit(std::move(job));
  const bool kept = bool(job);
  const pool_stats now = one.stats();
  gate.open();
  explore::settle();
  const submit_result later = one.submit([] {});

  EXPECT_EQ(result, submit_result::overloaded);
  EXPECT_TRUE(kept)
      << "the submitter was refused and has lost its task";
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(now.rejected, 1U);
  EXPECT_EQ(later, submit_result::accepted) << "a worker is idle";
}

EXPLORED(elastic_wait, only_so_many_may_wait, 7.3, 1) {
  contract("or `max_blocking` submitters wait already");
  explore::gate gate;
  std::atomic<int> accepted = 0;
  pool one({.capacity = 1, .max_blocking = 1});
  occupy(one, gate);
  const auto submit = [&] {
    if (one.submit([] {}) == submit_result::accepted) {
      ++accepted;
    }
  };

  std::jthread first(submit);
  explore::settle();
  const submit_result second = one.submit([] {});
  gate.open();
  first.join();
  explore::settle();
  submit();  // nobody waits any more

  EXPECT_EQ(second, submit_result::overloaded)
      << "one submitter may wait, and one does";
  EXPECT_EQ(accepted, 2);
}

EXPLORED(elastic_wait, nobody_may_wait, 7.3, 1) {
  contract("At most this many submitters wait at once.");
  explore::gate gate;
  pool one({.capacity = 1, .max_blocking = 0});
  occupy(one, gate);

  const submit_result result = one.submit([] {});
  gate.open();

  EXPECT_EQ(result, submit_result::overloaded)
      << "0 is a limit, not the word for no limit";
}

EXPLORED(elastic_wait, the_limit_holds_while_they_come_and_go, 7.3, 1) {
  contract("At most this many submitters wait at once.");
  explore::gate gate;
  std::atomic<std::size_t> most = 0;
  std::atomic<int> decided = 0;
  {
    pool one({.capacity = 1, .max_blocking = 1});
    occupy(one, gate);
    const auto submit = [&] {
      (void)one.submit(
          [&] { most = std::max(most.load(), one.stats().waiting); });
      ++decided;
    };
    std::jthread first(submit);
    std::jthread second(submit);
    std::jthread third(submit);
    explore::settle();
    most = std::max(most.load(), one.stats().waiting);
    gate.open();
  }
  EXPECT_EQ(decided, 3);
  EXPECT_LE(most, 1U) << "a submitter that woke in vain waits again, "
                         "beyond the limit";
}

EXPLORED(elastic_wait, a_stop_before_the_call, 7.3, 1) {
  contract("also if it was requested before");
  std::stop_source stop;
  stop.request_stop();
  std::atomic<int> ran = 0;
  {
    pool one({.capacity = 1});
    pool::task job([&] { ++ran; });
    EXPECT_EQ(one.submit(std::move(job), stop.get_token()),
              submit_result::cancelled);
    EXPECT_TRUE(job);
    EXPECT_EQ(one.submit([] {}, std::stop_token()),
              submit_result::accepted);
  }
  EXPECT_EQ(ran, 0) << "a task ran that its submitter had called off";
}

EXPLORED(elastic_wait, a_stop_ends_the_wait, 7.3, 1) {
  contract("returns cancelled once `stop` is requested");
  explore::gate gate;
  std::stop_source stop;
  std::atomic<bool> ran = false;
  submit_result result = submit_result::closed;
  bool kept = false;
  pool one({.capacity = 1});
  occupy(one, gate);

  std::jthread submitter([&] {
    pool::task job([&] { ran = true; });
    result = one.submit(std::move(job), stop.get_token());
    kept = bool(job);
  });
  explore::settle();
  stop.request_stop();
  submitter.join();
  const pool_stats now = one.stats();
  gate.open();
  explore::settle();

  EXPECT_EQ(result, submit_result::cancelled);
  EXPECT_TRUE(kept);
  EXPECT_EQ(now.waiting, 0U) << "a submitter that left still counts";
  EXPECT_EQ(now.rejected, 1U);
  EXPECT_FALSE(ran);
}

EXPLORED(elastic_wait, worker_and_stop_agree, 7.3, 1) {
  contract("and the task is not accepted");
  explore::gate gate;
  std::stop_source stop;
  std::atomic<int> ran = 0;
  std::atomic<int> accepted = 0;
  {
    pool one({.capacity = 1});
    occupy(one, gate);
    const auto submit = [&](std::stop_token token) {
      const auto result = one.submit([&] { ++ran; }, token);
      accepted += result == submit_result::accepted ? 1 : 0;
    };
    std::jthread first([&] { submit(stop.get_token()); });
    std::jthread second([&] { submit({}); });
    std::jthread opener([&] { gate.open(); });
    stop.request_stop();
  }
  EXPECT_EQ(ran, accepted)
      << "a task runs if and only if its submitter was told so";
  EXPECT_GE(ran, 1)
      << "the submitter without a stop was forgotten: one "
         "that gave up took its wake-up along";
}

EXPLORED(elastic_wait, a_deadline_ends_the_wait, 7.3, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("returns overloaded once `deadline` has passed");
  explore::gate gate;
  std::atomic<bool> ran = false;
  pool one({.capacity = 1});
  occupy(one, gate);

  pool::task job([&] { ran = true; });
  const auto result =
      one.submit_until(std::move(job), after(seconds(3)));
  const auto when = explore::now();
  const std::size_t waiting = one.stats().waiting;
  gate.open();
  explore::settle();

  EXPECT_EQ(result, submit_result::overloaded);
  EXPECT_EQ(when, seconds(3));
  EXPECT_TRUE(job);
  EXPECT_EQ(waiting, 0U);
  EXPECT_FALSE(ran) << "a worker took a task that was given up";
}

EXPLORED(elastic_wait, worker_and_deadline_agree, 7.3, 1) {
  contract("and the task is not accepted");
  explore::gate gate;
  std::atomic<int> ran = 0;
  submit_result result = submit_result::closed;
  bool kept = false;
  {
    pool one({.capacity = 1});
    occupy(one, gate);
    std::jthread opener([&] { gate.open(); });
    pool::task job([&] { ++ran; });
    result = one.submit_until(std::move(job), after(seconds(1)));
    kept = bool(job);
  }
  EXPECT_EQ(ran, result == submit_result::accepted ? 1 : 0);
  EXPECT_EQ(kept, result == submit_result::overloaded);
}

EXPLORED(elastic_wait, a_late_task_may_be_accepted, 7.3, 1) {
  contract(
      "A task for which there is a worker is accepted, however late it "
      "is.");
  pool one({.capacity = 1});

  EXPECT_EQ(one.submit_until([] {}, pool::time_point::min()),
            submit_result::accepted);
  explore::settle();
  EXPECT_EQ(one.submit_until([] {}, pool::time_point::max()),
            submit_result::accepted);
}

EXPLORED(elastic_wait, a_stop_comes_before_the_deadline, 7.3, 1,
         .timeouts_race = false) {
  contract("As submit(job, stop)");
  explore::gate gate;
  std::stop_source stop;
  submit_result result = submit_result::closed;
  pool one({.capacity = 1});
  occupy(one, gate);

  std::jthread submitter([&] {
    result =
        one.submit_until([] {}, after(seconds(9)), stop.get_token());
  });
  explore::settle();
  stop.request_stop();
  submitter.join();
  gate.open();

  EXPECT_EQ(result, submit_result::cancelled);
}

EXPLORED(elastic_wait, a_batch_is_accepted, 7.3, 0) {
  contract(
      "Submits the tasks in order, until one is not accepted or "
      "all are");
  std::vector<int> order;  // one worker
  pool::batch_result result = {submit_result::closed, 0};
  {
    pool one({.capacity = 1});
    std::vector<pool::task> jobs;
    for (int i = 0; i < 3; ++i) {
      jobs.emplace_back([&order, i] { order.push_back(i); });
    }
    result = one.submit_batch(jobs);
  }
  EXPECT_EQ(result.status, submit_result::accepted);
  EXPECT_EQ(result.accepted, 3U);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

EXPLORED(elastic_wait, a_batch_may_stop_half_way, 7.3, 0) {
  contract("reports how that one ended. Those after it are untouched.");
  explore::gate gate;
  std::atomic<int> ran = 0;
  std::array<pool::task, 3> jobs;
  pool two({.capacity = 2, .nonblocking = true});
  occupy(two, gate);
  for (pool::task& each : jobs) {
    each = pool::task([&] {
      ++ran;
      gate.wait();
    });
  }

  const pool::batch_result result = two.submit_batch(jobs);
  gate.open();
  explore::settle();

  EXPECT_EQ(result.status, submit_result::overloaded);
  EXPECT_EQ(result.accepted, 1U);
  EXPECT_FALSE(jobs[0]);
  EXPECT_TRUE(jobs[1] && jobs[2]) << "a refused task was taken";
  EXPECT_EQ(ran, 1);
}

EXPLORED(elastic_wait, the_documents_program, 7.3, 1, .schedules = 4,
         .steps = 2'000'000, .timeouts_race = false,
         .virtual_time = true) {
  contract(
      "elastic_pool<Threads> runs tasks on up to `capacity` "
      "workers");
  constexpr int tasks = 200;
  headcount running;
  std::size_t high_water = 0;
  {
    pool twenty({.capacity = 20});
    for (int i = 0; i < tasks; ++i) {
      EXPECT_EQ(twenty.submit([&] {
        running.enter();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        running.leave();
      }),
                submit_result::accepted);
    }
    high_water = twenty.stats().high_water;
  }
  EXPECT_EQ(explore::now(), seconds(1))
      << "200 tasks of 100 ms on 20 workers take 1 s";
  EXPECT_EQ(running.most, 20);
  EXPECT_EQ(high_water, 20U);
}

}  // namespace
}  // namespace workbook::step_3
