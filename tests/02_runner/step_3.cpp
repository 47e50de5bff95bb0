// Step 2.3: the interrupt.

#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

#include "02_runner/tasks.hpp"
#include "grading/grading.hpp"
#include "runner.hpp"

namespace workbook::step_3 {
namespace {

using namespace std::chrono_literals;

EXPLORED(runner_interrupt, reaches_the_task_that_runs, 2.3, 3,
         .timeouts_race = false, .virtual_time = true) {
  contract("After it the running task's token is stopped");
  std::stop_source source;
  run_report told;
  runner tasks(1h);
  tasks.add(heeds(2h));

  std::jthread caller([&] { told = tasks.run(source.get_token()); });
  explore::settle();  // fails if run polls
  EXPECT_EQ(explore::sleeping(), 0) << "run sleeps and looks again";
  source.request_stop();
  caller.join();

  EXPECT_EQ(name_of(told.how), "interrupted");
  EXPECT_EQ(seconds(explore::now()), 0)
      << "a long task saw the interrupt only when it had ended, or at "
         "the deadline";
}

EXPLORED(runner_interrupt, in_the_last_task_is_no_success, 2.3, 4) {
  contract("no interrupt came before it");
  contract("and no other cause came before.");
  std::stop_source source;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token, int) { source.request_stop(); });

  const run_report told = tasks.run(source.get_token());

  EXPECT_EQ(name_of(told.how), "interrupted")
      << "the interrupt came while the last task ran; nobody looked "
         "after it";
}

EXPLORED(runner_interrupt, no_task_after_the_interrupt, 2.3, 2) {
  contract("no further task starts");
  std::stop_source source;
  bool started = false;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token, int) { source.request_stop(); });
  tasks.add([&](std::stop_token, int) { started = true; });

  const run_report told = tasks.run(source.get_token());

  EXPECT_EQ(name_of(told.how), "interrupted");
  EXPECT_FALSE(started) << "a task began after the interrupt";
}

EXPLORED(runner_interrupt, before_the_run, 2.3, 1) {
  contract("a stop requested on `interrupt`, before or during the run");
  std::stop_source source;
  source.request_stop();
  bool started = false;
  runner tasks(runner::no_limit);
  runner none(runner::no_limit);
  tasks.add([&](std::stop_token, int) { started = true; });

  EXPECT_EQ(name_of(tasks.run(source.get_token()).how), "interrupted");
  EXPECT_FALSE(started) << "the interrupt was there before the task";
  EXPECT_EQ(name_of(none.run(source.get_token()).how), "completed")
      << "there was nothing to interrupt";
}

EXPLORED(runner_interrupt, stops_without_a_lock, 2.3, 1) {
  contract("the running task's token is stopped");
  contract("No user code runs while mutex_ is held.");
  int locks = -1;
  std::stop_source source;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token stop, int) {
    explore::gate gate;
    const std::stop_callback asked(stop, [&] {
      locks = explore::locks_held();
      gate.open();
    });
    source.request_stop();
    gate.wait();
  });

  (void)tasks.run(source.get_token());

  EXPECT_EQ(locks, 0)
      << "request_stop calls what the task has registered; here the "
         "interrupt called it while the runner's mutex is held";
}

EXPLORED(runner_interrupt, at_any_moment, 2.3, 2) {
  contract("Returns when no task of the run runs any more");
  std::stop_source source;
  std::jthread user([&] { source.request_stop(); });

  {
    runner tasks(runner::no_limit);
    tasks.add([&](std::stop_token stop, int) {
      explore::gate gate;
      const std::stop_callback asked(stop, [&] { gate.open(); });
      gate.wait();  // forever, unless the stop comes
    });
    const run_report told = tasks.run(source.get_token());
    EXPECT_EQ(name_of(told.how), "interrupted");
  }  // whoever touches the runner from here on is reported
}

EXPLORED(runner_interrupt, too_late_it_touches_nothing, 2.3, 2) {
  contract("Returns when no task of the run runs any more");
  std::stop_source source;
  auto tasks = std::make_unique<runner>(runner::no_limit);
  tasks->add(ignores(0s));
  std::jthread user([&] { source.request_stop(); });

  const run_report told = tasks->run(source.get_token());
  tasks.reset();  // whoever still uses it is reported as a race

  EXPECT_NE(name_of(told.how), "timed_out");
  EXPECT_NE(name_of(told.how), "failed");
}

}  // namespace
}  // namespace workbook::step_3
