// Step 2.6: run twice.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>

#include "02_runner/tasks.hpp"
#include "grading/grading.hpp"
#include "runner.hpp"

namespace workbook::step_6 {
namespace {

using namespace std::chrono_literals;

EXPLORED(runner_twice, the_second_run_is_not_stopped, 2.6, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("A second run starts afresh.");
  contract("All data of one run is in progress_.");
  std::stop_source source;
  int runs = 0;
  runner tasks(3s);
  tasks.add([&](std::stop_token stop, int) {
    stoppable_sleep(stop, ++runs == 1 ? 1h : 1s);
    source.request_stop();
  });

  (void)tasks.run();  // ends by its deadline
  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "completed")
      << "the second run saw what stopped the first";
  EXPECT_EQ(seconds(explore::now()), 4);
  EXPECT_FALSE(told.stopped);
  ASSERT_EQ(told.ended.size(), 1U) << "the report is of one run only";
  EXPECT_EQ(seconds(told.ended[0].at), 1);
}

EXPLORED(runner_twice, each_run_has_its_own_deadline, 2.6, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("The limit counts from the start of this call.");
  runner tasks(3s);
  tasks.add(ignores(2s));

  EXPECT_EQ(name_of(tasks.run().how), "completed");
  EXPECT_EQ(name_of(tasks.run().how), "completed")
      << "the second run had the deadline of the first";
  tasks.add(ignores(2s));  // and it may grow in between
  EXPECT_EQ(name_of(tasks.run().how), "timed_out");
}

EXPLORED(runner_twice, errors_are_forgotten, 2.6, 1) {
  contract("A second run starts afresh.");
  int runs = 0;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token, int) {
    if (++runs == 1) {
      throw std::runtime_error("no such file");
    }
  });

  EXPECT_EQ(name_of(tasks.run().how), "failed");
  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "completed");
  EXPECT_EQ(words(told.error), "none")
      << "the first run's error is in the second one's report";
}

EXPLORED(runner_twice, nothing_is_added_during_a_run, 2.6, 1) {
  contract("std::logic_error during a run");
  int refused = 0;
  std::stop_source source;
  runner tasks(runner::no_limit);
  const auto add_one = [&] {
    try {
      tasks.add(ignores(0s));
    } catch (const std::logic_error&) {
      ++refused;
    }
  };
  tasks.add([&](std::stop_token, int) {
    add_one();
    source.request_stop();
    add_one();  // the run has its cause, and is not over
  });

  const run_report told = tasks.run(source.get_token());

  EXPECT_EQ(name_of(told.how), "interrupted");
  EXPECT_EQ(refused, 2)
      << "the list of tasks changed while the run reads it";
  EXPECT_EQ(tasks.run().ended.size(), 1U)
      << "the task that was refused was added all the same";
}

EXPLORED(runner_twice, nothing_is_added_between_tasks, 2.6, 1) {
  contract("std::logic_error during a run");
  explore::gate begun;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token, int) { begun.open(); });
  tasks.add(ignores(0s));

  std::jthread adds([&] {
    begun.wait();
    try {
      tasks.add(ignores(0s));
    } catch (const std::logic_error&) {  // or the run is over
    }
  });
  const run_report told = tasks.run();
  adds.join();

  EXPECT_EQ(told.ended.size(), 2U)
      << "a task was added between two tasks of a run";
}

EXPLORED(runner_twice, one_run_at_a_time, 2.6, 2) {
  contract("std::logic_error: called during a run.");
  int refused = 0;
  bool second = false;
  std::stop_source stopped;
  stopped.request_stop();
  runner tasks(runner::no_limit);
  runner another(runner::no_limit);
  another.add(ignores(0s));
  tasks.add([&](std::stop_token, int) {
    EXPECT_EQ(name_of(another.run().how), "completed");
    for (int i = 0; i < 2; ++i) {  // the first changes nothing
      try {
        (void)tasks.run(stopped.get_token());
      } catch (const std::logic_error&) {
        ++refused;
      }
    }
  });
  tasks.add([&](std::stop_token, int) { second = true; });

  const run_report told = tasks.run();

  EXPECT_EQ(refused, 2) << "a run began inside a run";
  EXPECT_TRUE(second) << "the call that was refused changed the run";
  EXPECT_EQ(name_of(told.how), "completed");
}

EXPLORED(runner_twice, two_callers_at_once, 2.6, 1) {
  contract("std::logic_error: called during a run.");
  int ran = 0;  // a race here: two runs at once
  std::atomic<int> completed = 0;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token, int) { ++ran; });
  const auto call = [&] {
    try {
      completed += tasks.run().how == outcome::completed ? 1 : 0;
    } catch (const std::logic_error&) {
    }
  };

  {
    std::jthread other(call);
    call();
  }

  EXPECT_GE(completed, 1) << "two callers, and each was refused";
  EXPECT_EQ(ran, completed) << "a run has called the task twice, or "
                               "not at all";
  EXPECT_EQ(name_of(tasks.run().how), "completed");
}

EXPLORED(runner_twice, after_a_failed_start, 2.6, 1) {
  contract("Throws, and the runner can run again");
  contract("std::system_error: the system has no thread left.");
  runner tasks(runner::no_limit);
  tasks.add(ignores(0s));
  (void)tasks.run();

  explore::fail_thread_start(1);
  EXPECT_THROW((void)tasks.run(), std::system_error);
  tasks.add(ignores(0s));
  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "completed");
  EXPECT_EQ(told.ended.size(), 2U)
      << "a run that never began is still in progress";
}

}  // namespace
}  // namespace workbook::step_6
