// Step 1.3: the bound, without check-then-act.

#include <atomic>
#include <cstddef>
#include <list>
#include <thread>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook::step_3 {
namespace {

EXPLORED(pooling_bound, submit_blocks_while_full, 1.3, 4,
         .polls = false) {
  contract(
      "Blocks while max_workers tasks are in flight, without "
      "polling.");
  explore::gate gate;
  std::atomic<bool> returned = false;
  task_pool pool(1);
  ASSERT_EQ(pool.running(), 0U);
  pool.submit([&] { gate.wait(); });

  std::jthread submitter = explore::actor("submitter", [&] {
    pool.submit([] {});
    returned = true;
  });
  explore::settle();  // fails if the submitter keeps running

  EXPECT_FALSE(returned)
      << "submit returned although max_workers tasks are in flight";
  EXPECT_EQ(explore::sleeping(), 0) << "a full pool is no reason to "
                                       "sleep and look again";
  gate.open();
}

EXPLORED(pooling_bound, racing_submitters_keep_the_bound, 1.3, 4) {
  contract("in_flight_ <= max_workers_.");
  explore::gate gate;
  std::atomic<int> returned = 0;
  task_pool pool(1);
  ASSERT_EQ(pool.running(), 0U);
  const auto race = [&] {
    pool.submit([&] { gate.wait(); });
    ++returned;
  };

  std::jthread one = explore::actor("submitter 1", race);
  std::jthread two = explore::actor("submitter 2", race);
  explore::settle();

  EXPECT_EQ(returned, 1)
      << "two submitters got in where there was room for one: is the "
         "mutex released between the check and the count?";
  EXPECT_EQ(pool.running(), 1U);
  gate.open();
}

EXPLORED(pooling_bound, each_end_lets_one_submitter_in, 1.3, 2) {
  contract(
      "Blocks while max_workers tasks are in flight, without "
      "polling.");
  explore::gate gate;
  std::atomic<int> ran = 0;
  task_pool pool(1);
  ASSERT_EQ(pool.running(), 0U);
  pool.submit([&] { gate.wait(); });
  const auto queue_up = [&] { pool.submit([&] { ++ran; }); };

  std::jthread one = explore::actor("submitter 1", queue_up);
  std::jthread two = explore::actor("submitter 2", queue_up);
  gate.open();  // before, while or after they begin to wait
  explore::settle();

  EXPECT_EQ(ran, 2) << "there is room again, but a submitter still "
                       "waits; what does the end of a task notify?";
}

EXPLORED(pooling_bound, running_counts_what_is_in_flight, 1.3, 2) {
  contract(
      "A task is in flight from its acceptance by submit until its "
      "result is ready and its callable and arguments are "
      "destroyed.");
  explore::gate gate;
  task_pool pool(2);
  EXPECT_EQ(pool.running(), 0U);

  pool.submit([&] { gate.wait(); });
  pool.submit([&] { gate.wait(); });
  EXPECT_EQ(pool.running(), 2U)
      << "a task is in flight as soon as submit has accepted it";
  gate.open();
  explore::settle();

  EXPECT_EQ(pool.running(), 0U)
      << "a task that ended is no longer in flight";
}

EXPLORED(pooling_bound, two_ends_let_two_submitters_in, 1.3, 1) {
  contract(
      "Blocks while max_workers tasks are in flight, without "
      "polling.");
  for (const int room : {2, 4}) {
    explore::gate gate;
    std::atomic<int> ran = 0;
    task_pool pool(static_cast<std::size_t>(room));
    ASSERT_EQ(pool.running(), 0U);
    for (int i = 0; i < room; ++i) {
      pool.submit([&] { gate.wait(); });
    }

    std::list<std::jthread> submitters;
    for (int i = 0; i <= room; ++i) {
      submitters.push_back(explore::actor(
          "submitter", [&] { pool.submit([&] { ++ran; }); }));
    }
    explore::settle();
    gate.open();
    explore::settle();

    EXPECT_EQ(ran, room + 1)
        << "there is room again, but a submitter still waits: does the "
           "end of every task let one in?";
  }
}

EXPLORED(pooling_bound, a_blocked_submit_runs_no_task, 1.3, 1) {
  contract(
      "Blocks while max_workers tasks are in flight, without "
      "polling.");
  std::atomic<std::thread::id> blocked;  // the worker in submit
  std::atomic<int> nested = 0;
  task_pool pool(2);
  ASSERT_EQ(pool.running(), 0U);

  pool.submit([&] {
    blocked = std::this_thread::get_id();
    pool.submit([] {});
    blocked = std::thread::id();
  });
  pool.submit([&] {
    nested += blocked.load() == std::this_thread::get_id() ? 1 : 0;
  });
  explore::settle();

  EXPECT_EQ(nested, 0)
      << "a task waited for room, in submit, and another task was run "
         "on top of it: if that one waits for it, neither ends";
}

EXPLORED(pooling_bound, running_may_be_called_meanwhile, 1.3, 1) {
  contract("How many tasks are in flight; a snapshot.");
  task_pool pool(1);
  std::jthread observer = explore::actor(
      "observer", [&] { EXPECT_LE(pool.running(), 1U); });

  pool.submit([] {});
  pool.submit([&] { EXPECT_EQ(pool.running(), 1U); });
}

}  // namespace
}  // namespace workbook::step_3
