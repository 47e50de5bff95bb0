// Step 7.9: tasks that succeed or fail together.

#include <atomic>
#include <cstdio>
#include <future>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"
#include "task_group.hpp"

namespace workbook::step_9 {
namespace {

using group = task_group<os_threads>;

std::string error_of(group& tasks) {
  try {
    tasks.wait();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

EXPLORED(pool_group, wait_waits_for_all, 7.9, 1) {
  contract("Blocks until all tasks of the group have ended");
  std::atomic<int> ran = 0;
  pool two({.capacity = 2});
  group tasks(two);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(tasks.run([&] { ++ran; }), submit_result::accepted);
  }

  tasks.wait();

  EXPECT_EQ(ran, 3);
}

EXPLORED(pool_group, the_first_exception_comes_back, 7.9, 1) {
  contract("then rethrows the first exception, once");
  pool one({.capacity = 1});
  group tasks(one);
  (void)tasks.run([] { throw std::runtime_error("first"); });
  (void)tasks.run([] { throw std::runtime_error("second"); });

  EXPECT_EQ(error_of(tasks), "first");
  EXPECT_EQ(error_of(tasks), "") << "it was rethrown before";
  EXPECT_EQ(tasks.run([] {}), submit_result::cancelled);
}

EXPLORED(pool_group, an_exception_cancels_the_others, 7.9, 1) {
  contract("and those that run can see it by their token");
  explore::gate running;
  std::atomic<bool> saw_it = false;
  pool two({.capacity = 2});
  group tasks(two);
  (void)tasks.run([&](std::stop_token stop) {
    explore::gate stopped;
    const std::stop_callback wake(stop, [&] { stopped.open(); });
    running.open();
    stopped.wait();
    saw_it = stop.stop_requested();
  });
  running.wait();
  (void)tasks.run([] { throw std::runtime_error("failed"); });

  EXPECT_EQ(error_of(tasks), "failed");
  EXPECT_TRUE(saw_it);
}

EXPLORED(pool_group, a_later_exception_is_dropped, 7.9, 0) {
  contract("then rethrows the first exception, once");
  explore::gate running;
  pool two({.capacity = 2});
  group tasks(two);
  (void)tasks.run([&](std::stop_token stop) {
    explore::gate stopped;
    const std::stop_callback wake(stop, [&] { stopped.open(); });
    running.open();
    stopped.wait();
    throw std::runtime_error("later");
  });
  running.wait();
  (void)tasks.run([] { throw std::runtime_error("first"); });

  EXPECT_EQ(error_of(tasks), "first");
  EXPECT_EQ(error_of(tasks), "");
}

EXPLORED(pool_group, a_cancelled_group_begins_nothing, 7.9, 1) {
  contract("tasks of it that have not begun do nothing");
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  group tasks(one);
  one.pause();
  const submit_result before = tasks.run([&] { ++ran; });
  tasks.cancel();
  const submit_result after = tasks.run([&] { ++ran; });
  one.resume();
  tasks.wait();

  EXPECT_EQ(before, submit_result::accepted);
  EXPECT_EQ(after, submit_result::cancelled);
  EXPECT_EQ(ran, 0);
}

EXPLORED(pool_group, inside_it_helps, 7.9, 0) {
  contract(
      "Inside the pool it runs queued tasks of the group meanwhile.");
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});

  one.async([&] {
       group tasks(one);
       for (int i = 0; i < 3; ++i) {
         (void)tasks.run([&] { ++ran; });
       }
       tasks.wait();
     })
      .get();

  EXPECT_EQ(ran, 3);
}

EXPLORED(pool_group, a_discarded_task_is_an_error, 7.9, 0) {
  contract(
      "A task that was discarded counts as one that threw "
      "std::future_error.");
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  group tasks(one);
  one.pause();
  (void)tasks.run([&] { ++ran; });
  one.shutdown(shutdown_mode::discard).clear();

  EXPECT_THROW(tasks.wait(), std::future_error);
  EXPECT_EQ(ran, 0);
}

EXPLORED(pool_group, the_destructor_cancels, 7.9, 0) {
  contract("Cancels the group and waits for its tasks.");
  std::atomic<bool> ended = false;
  pool one({.capacity = 1});
  explore::gate running;
  {
    group tasks(one);
    (void)tasks.run([&](std::stop_token stop) {
      running.open();
      explore::gate gate;
      const std::stop_callback wake(stop, [&] { gate.open(); });
      gate.wait();  // hangs unless the group is cancelled
      ended = true;
    });
    running.wait();
  }
  EXPECT_TRUE(ended);
}

GRADED(pool_group, an_exception_that_nobody_fetched, 7.9, 0) {
  contract(
      "An exception that wait() has not rethrown ends the program "
      "(std::terminate).");
  const auto fetch = [](bool wait) {
    pool one({.capacity = 1});
    group tasks(one);
    (void)tasks.run([] {
      std::fputs("the task\n", stderr);
      throw 1;
    });
    if (wait) {
      EXPECT_THROW(tasks.wait(), int);
    } else {
      (void)one.wait_idle_until(pool::time_point::max());
    }
  };
  fetch(true);

  EXPECT_DEATH(fetch(false), "the task");
}

}  // namespace
}  // namespace workbook::step_9
