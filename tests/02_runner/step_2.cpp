// Step 2.2: the deadline.

#include <chrono>
#include <stop_token>
#include <thread>

#include "02_runner/tasks.hpp"
#include "grading/grading.hpp"
#include "runner.hpp"

namespace workbook::step_2 {
namespace {

using namespace std::chrono_literals;

EXPLORED(runner_deadline, stops_the_task_that_runs, 2.2, 3,
         .timeouts_race = false, .virtual_time = true) {
  contract("After it the running task's token is stopped");
  contract("Sleeps for `duration`, or until a stop is requested");
  contract("Blocks the calling thread.");
  runner tasks(3s);
  tasks.add(heeds(1h));

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "timed_out");
  EXPECT_EQ(seconds(explore::now()), 3)
      << "the limit is 3 s, and a task that heeds its token should "
         "end then; who asks it to?";
}

EXPLORED(runner_deadline, waits_for_who_does_not_heed, 2.2, 3,
         .timeouts_race = false, .virtual_time = true) {
  contract("The call waits for a task that does not heed");
  runner tasks(3s);
  tasks.add(ignores(1h));

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "timed_out");
  EXPECT_EQ(seconds(explore::now()), 3600)
      << "run came back, and its task still runs: on what, once the "
         "runner is gone?";
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(runner_deadline, no_task_after_the_deadline, 2.2, 2,
         .virtual_time = true) {
  contract("no further task starts");
  contract("After `decided`, no task starts.");
  bool started = false;
  runner tasks(3s);
  tasks.add(ignores(4s));
  tasks.add([&](std::stop_token, int) { started = true; });

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "timed_out");
  EXPECT_FALSE(started) << "a task began after the deadline";
}

EXPLORED(runner_deadline, a_tie_is_a_timeout, 2.2, 4,
         .virtual_time = true) {
  contract("the last stamp is strictly before the deadline");
  contract(
      "`report.how` is completed if and only if the last task "
      "returned strictly before the deadline");
  runner tasks(3s);
  for (const auto duration : {0s, 1s, 2s}) {
    tasks.add(ignores(duration));
  }

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "timed_out")
      << "0 + 1 + 2 s under 3 s end with the deadline, not before it; "
         "does the answer depend on which thread wakes first?";
}

EXPLORED(runner_deadline, the_limit_counts_from_run, 2.2, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("The limit counts from the start of this call.");
  contract("Each run may take `limit`, counted from its start.");
  runner tasks(3s);
  tasks.add(ignores(2s));
  std::this_thread::sleep_for(1h);

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "completed")
      << "the hour before run was counted as well";
  EXPECT_EQ(seconds(explore::now()), 3602)
      << "all tasks have returned; nothing is left to wait for";
}

EXPLORED(runner_deadline, a_limit_of_nothing, 2.2, 1) {
  contract("a tie is a timeout");
  bool started = false;
  runner tasks(0s);
  tasks.add([&](std::stop_token, int) { started = true; });

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "timed_out");
  EXPECT_FALSE(started) << "the deadline was there before the task";
}

EXPLORED(runner_deadline, the_stop_comes_without_a_lock, 2.2, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("the running task's token is stopped");
  contract("No user code runs while mutex_ is held.");
  int locks = -1;
  runner tasks(3s);
  tasks.add([&](std::stop_token stop, int) {
    explore::gate gate;
    const std::stop_callback asked(stop, [&] {
      locks = explore::locks_held();
      gate.open();
    });
    gate.wait();
  });

  (void)tasks.run();

  EXPECT_EQ(locks, 0)
      << "request_stop calls what the task has registered; here it "
         "was called while the runner's mutex is held";
}

}  // namespace
}  // namespace workbook::step_2
