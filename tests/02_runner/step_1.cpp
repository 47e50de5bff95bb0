// Step 2.1: tasks in order, on a thread of their own.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include "grading/grading.hpp"
#include "runner.hpp"

namespace workbook::step_1 {
namespace {

using namespace std::chrono_literals;

GRADED(runner_order, what_makes_no_sense_is_refused, 2.1, 2) {
  contract("Throws std::invalid_argument if `limit` … is negative.");
  contract("Throws std::invalid_argument if it is empty");

  EXPECT_THROW(runner(-1ns), std::invalid_argument);
  EXPECT_THROW(runner(1s, {.grace = -1ns, .on_overdue = {}}),
               std::invalid_argument);
  runner tasks(runner::no_limit);
  EXPECT_THROW(tasks.add(nullptr), std::invalid_argument)
      << "an empty task can only fail when it is called, on another "
         "thread and too late";
  EXPECT_EQ(name_of(tasks.run().how), "completed")
      << "what was refused was added all the same";
}

EXPLORED(runner_order, tasks_run_in_order, 2.1, 3) {
  contract("Runs the tasks in the order of add, each with its number");
  contract("At most one task runs, and tasks end in the order of add.");
  contract(
      "What a runner runs: it gets the token that asks it to end, "
      "and its number, counted from 0 in the order of add.");
  contract("Appends `task`.");
  std::string seen;  // a race here: two tasks ran at once
  runner tasks(runner::no_limit);
  for (const char letter : {'a', 'b', 'c'}) {
    tasks.add([&seen, letter](std::stop_token, int id) {
      seen += letter;
      seen += std::to_string(id);
    });
  }

  const run_report told = tasks.run();

  EXPECT_EQ(seen, "a0b1c2")
      << "each task runs once, in the order of add, numbered from 0";
  EXPECT_EQ(name_of(told.how), "completed");
}

EXPLORED(runner_order, two_threads_add, 2.1, 1) {
  contract("any member may be called from any thread");
  int ran = 0;
  runner tasks(runner::no_limit);
  const auto add = [&] {
    tasks.add([&](std::stop_token, int) { ++ran; });
  };

  {
    std::jthread one(add);
    std::jthread other(add);  // throws only during a run
  }
  (void)tasks.run();

  EXPECT_EQ(ran, 2) << "one of the two tasks that were added is lost";
}

EXPLORED(runner_order, a_thread_of_its_own, 2.1, 2) {
  contract("on a thread of its own");
  std::thread::id first;
  std::thread::id second;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token, int) {
    first = std::this_thread::get_id();
  });
  tasks.add([&](std::stop_token, int) {
    second = std::this_thread::get_id();
  });

  (void)tasks.run();

  EXPECT_NE(first, std::this_thread::get_id())
      << "a task ran on the thread that called run; who would look at "
         "the clock meanwhile?";
  EXPECT_EQ(first, second) << "one thread runs all tasks of a run";
}

EXPLORED(runner_order, run_waits_and_leaves_nothing, 2.1, 2,
         .polls = false) {
  contract(
      "Returns when no task of the run runs any more, and blocks "
      "until then.");
  explore::gate gate;
  std::atomic<bool> came_back = false;
  runner tasks(runner::no_limit);
  tasks.add([&](std::stop_token, int) { gate.wait(); });

  std::jthread caller([&] {
    (void)tasks.run();
    came_back = true;
  });
  explore::settle();
  EXPECT_FALSE(came_back) << "run came back while a task still runs";
  EXPECT_EQ(explore::sleeping(), 0) << "run sleeps and looks again";
  gate.open();
  caller.join();

  EXPECT_EQ(explore::threads_alive(), 0)
      << "the run is over, and one of its threads still lives";
}

EXPLORED(runner_order, without_tasks_it_is_completed, 2.1, 2) {
  contract("Without tasks: completed.");
  contract("A run without a deadline.");
  runner tasks(runner::no_limit);
  runner hasty(0s);

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "completed");
  EXPECT_TRUE(told.ended.empty());
  EXPECT_EQ(name_of(hasty.run().how), "completed")
      << "nothing was to be done, and no time is enough for that";
}

}  // namespace
}  // namespace workbook::step_1
