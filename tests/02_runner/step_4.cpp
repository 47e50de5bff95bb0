// Step 2.4: the report, and the first cause.

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "02_runner/programme.hpp"
#include "02_runner/tasks.hpp"
#include "grading/grading.hpp"
#include "runner.hpp"

namespace workbook::step_4 {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// A grace that never ends. It is a thing of this step: to the runner
// of an earlier one it says what is not written.
void too_early(int, nanoseconds) {
  ADD_FAILURE() << "on_overdue was called, and no grace was over";
}
const runner_options patient = {.grace = nanoseconds::max(),
                                .on_overdue = too_early};

EXPLORED(runner_report, tells_which_ended_and_when, 2.4, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "A task that returned or threw, `at` after the start of the "
      "run.");
  runner tasks(4s, patient);
  for (const auto duration : {0s, 1s, 2s}) {
    tasks.add(ignores(duration));
  }
  std::this_thread::sleep_for(1h);

  const run_report told = tasks.run();

  ASSERT_EQ(told.ended.size(), 3U)
      << "three tasks were started, and each has ended";
  for (const int id : {0, 1, 2}) {
    const auto& each = told.ended[static_cast<std::size_t>(id)];
    EXPECT_EQ(each.id, id);
    EXPECT_EQ(seconds(each.at), std::vector({0, 1, 3})[unsigned(id)])
        << "times count from the start of the run";
  }
  EXPECT_FALSE(told.stopped) << "no task was stopped";
}

EXPLORED(runner_report, tells_who_was_stopped, 2.4, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("how long it went on");
  contract("The task that ran when the deadline or the interrupt came");
  runner tasks(3s, patient);
  tasks.add(ignores(1s));
  tasks.add(ignores(7s));
  tasks.add(ignores(1s));

  const run_report told = tasks.run();

  ASSERT_TRUE(told.stopped) << "task 1 ran when the deadline came";
  EXPECT_EQ(told.stopped->id, 1);
  EXPECT_EQ(seconds(told.stopped->heeded_after), 5)
      << "stopped at 3 s, it returned at 8 s";
  EXPECT_EQ(told.ended.size(), 2U);
}

EXPLORED(runner_report, a_tie_is_told_in_one_way, 2.4, 3,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "A deadline comes when it is due, whenever that is noticed.");
  runner tasks(3s, patient);
  tasks.add(ignores(3s));
  tasks.add(ignores(1s));

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "timed_out");
  ASSERT_TRUE(told.stopped)
      << "task 0 ran until the deadline; does the answer depend on "
         "which thread looks at the clock first?";
  EXPECT_EQ(told.stopped->id, 0);
  EXPECT_EQ(seconds(told.stopped->heeded_after), 0);
}

EXPLORED(runner_report, an_exception_fails_the_run, 2.4, 2) {
  contract("or a task that threw");
  bool started = false;
  runner tasks(runner::no_limit);
  tasks.add(ignores(0s, "no such file"));
  tasks.add([&](std::stop_token, int) { started = true; });

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "failed");
  EXPECT_EQ(words(told.error), "no such file");
  EXPECT_TRUE(told.later_errors.empty());
  EXPECT_FALSE(started) << "a failure is a cause: no task after it";
  EXPECT_EQ(told.ended.size(), 1U);
  EXPECT_FALSE(told.stopped) << "it ended by itself";
}

EXPLORED(runner_report, the_first_cause_wins, 2.4, 3,
         .timeouts_race = false, .virtual_time = true) {
  contract("later causes change nothing");
  contract("The first cause wins.");
  contract(
      "How a run ended: by the first cause, whatever came after it.");
  contract("`report.how` and `decided_at` do not change after it.");
  std::stop_source source;
  runner tasks(3s, patient);
  tasks.add(ignores(4s, "too late"));
  std::jthread user([&] {
    std::this_thread::sleep_for(2s);
    source.request_stop();
  });

  const run_report told = tasks.run(source.get_token());

  EXPECT_EQ(name_of(told.how), "interrupted")
      << "the interrupt came at 2 s, the deadline at 3 s, the "
         "exception at 4 s";
  EXPECT_EQ(words(told.error), "too late")
      << "an error after the cause is not a cause, but is told";
  ASSERT_TRUE(told.stopped);
  EXPECT_EQ(seconds(told.stopped->heeded_after), 2);
}

EXPLORED(runner_report, a_deadline_need_not_be_noticed, 2.4, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "A deadline comes when it is due, whenever that is noticed.");
  std::stop_source source;
  runner tasks(3s, patient);
  tasks.add(ignores(3s, "at the deadline"));
  std::jthread user([&] {
    std::this_thread::sleep_for(3s);
    source.request_stop();
  });

  const run_report told = tasks.run(source.get_token());

  EXPECT_EQ(name_of(told.how), "timed_out")
      << "interrupt and exception came with the deadline, not before";
  EXPECT_EQ(words(told.error), "at the deadline");
  ASSERT_TRUE(told.stopped);
  EXPECT_EQ(seconds(told.stopped->heeded_after), 0);
}

EXPLORED(runner_report, nobody_ran_at_that_moment, 2.4, 1,
         .timeouts_race = false) {
  contract("The task that ran when the deadline or the interrupt came");
  std::stop_source source;
  source.request_stop();
  runner late(0s, patient);
  runner unwanted(runner::no_limit, patient);
  late.add(ignores(0s));
  unwanted.add(ignores(0s));

  const run_report timed_out = late.run();
  const run_report interrupted = unwanted.run(source.get_token());

  EXPECT_EQ(name_of(timed_out.how), "timed_out");
  EXPECT_FALSE(timed_out.stopped) << "task 0 had not begun";
  EXPECT_TRUE(timed_out.ended.empty());
  EXPECT_EQ(name_of(interrupted.how), "interrupted");
  EXPECT_FALSE(interrupted.stopped) << "task 0 had not begun";
}

EXPLORED(runner_report, tells_who_is_overdue, 2.4, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("After this time, and after each further such time");
  contract(
      "Called on the thread that called run. A call that takes time "
      "does not delay the next one.");
  std::vector<double> calls;
  int locks = -1;
  std::thread::id on;
  const auto tell = [&](int id, nanoseconds late) {
    EXPECT_EQ(id, 0);
    calls.push_back(seconds(late));
    locks = explore::locks_held();
    on = std::this_thread::get_id();
    EXPECT_EQ(explore::now(), 1s + late)
        << "the time that the last call took was added to the grace";
    std::this_thread::sleep_for(1s);
  };
  runner tasks(1s, {.grace = 2s, .on_overdue = tell});
  tasks.add(ignores(6s));

  (void)tasks.run();

  EXPECT_EQ(calls, (std::vector<double>{2, 4}))
      << "stopped at 1 s, the task returned at 6 s";
  EXPECT_EQ(locks, 0) << "called while the runner's mutex is held";
  EXPECT_EQ(on, std::this_thread::get_id());
}

EXPLORED(runner_report, who_was_interrupted_is_overdue_too, 2.4, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("how long ago it was stopped");
  std::vector<double> calls;
  const auto tell = [&](int, nanoseconds late) {
    calls.push_back(seconds(late));
    EXPECT_EQ(explore::now(), 1s + late) << "it is another time now";
  };
  std::stop_source source;
  runner tasks(1h, {.grace = 2s, .on_overdue = tell});
  tasks.add(ignores(6s));
  std::jthread user([&] {
    std::this_thread::sleep_for(1s);
    source.request_stop();
  });

  (void)tasks.run(source.get_token());

  EXPECT_EQ(calls, (std::vector<double>{2, 4}))
      << "interrupted at 1 s, the task returned at 6 s";
}

EXPLORED(runner_report, without_a_grace_nobody_is_told, 2.4, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("Zero: never.");
  runner nobody(1s, {.grace = 1h, .on_overdue = {}});
  runner never(1s, {.grace = 0s, .on_overdue = too_early});
  nobody.add(ignores(3h));
  never.add(ignores(3h));

  const run_report told = nobody.run();

  EXPECT_EQ(name_of(told.how), "timed_out");
  EXPECT_EQ(words(told.error), "none")
      << "there is a grace, and no on_overdue that could be called";
  EXPECT_EQ(name_of(never.run().how), "timed_out");
}

EXPLORED(runner_report, the_first_error_stays, 2.4, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("What it throws, of whatever type, is reported.");
  const auto tell = [](int, nanoseconds) {
    throw "nobody listens";  // not every exception is std's
  };
  runner tasks(1s, {.grace = 2s, .on_overdue = tell});
  tasks.add(ignores(6s, "and now this"));

  const run_report told = tasks.run();

  EXPECT_EQ(name_of(told.how), "timed_out");
  EXPECT_EQ(words(told.error), "nobody listens")
      << "a later error took the place of the first";
  ASSERT_EQ(told.later_errors.size(), 2U)
      << "stopped at 1 s, it was overdue at 3 s and at 5 s";
  EXPECT_EQ(words(told.later_errors[0]), "nobody listens");
  EXPECT_EQ(words(told.later_errors[1]), "and now this");
}

constexpr auto transcript = R"( 0.0 s  job 0 starts
 0.0 s  job 0 ends
 0.0 s  job 1 starts
 1.0 s  job 1 ends
 1.0 s  job 2 starts
 3.0 s  job 2 ends
 3.0 s  completed, 3 jobs were started
 0.0 s  job 0 starts
 0.0 s  job 0 ends
 0.0 s  job 1 starts
 1.0 s  job 1 ends
 1.0 s  job 2 starts
 3.0 s  job 2 ends
 3.0 s  timed_out, 3 jobs were started
 3.0 s  job 2 was stopped
 0.0 s  job 0 starts
 0.0 s  job 0 ends
 0.0 s  job 1 starts
 1.0 s  job 1 ends
 1.0 s  job 2 starts
 1.5 s  job 2 breaks off
 1.5 s  interrupted, 3 jobs were started
 1.5 s  job 2 was stopped
)";

EXPLORED(runner_report, the_programme_ends_in_three_ways, 2.4, 2,
         .timeouts_race = false, .virtual_time = true) {
  contract("the first cause wins");
  contract("The outcome's name");
  std::string said;
  const auto say = [&](const std::string& line) {
    said += line + "\n";
  };
  std::stop_source source;
  std::jthread user([&] {
    std::this_thread::sleep_for(6s + 1500ms);
    source.request_stop();
  });

  EXPECT_EQ(document_programme(4s, {}, say), 0);
  EXPECT_EQ(document_programme(3s, {}, say), 1);
  EXPECT_EQ(document_programme(4s, source.get_token(), say), 2);

  EXPECT_EQ(said, transcript);
}

}  // namespace
}  // namespace workbook::step_4
