// Step 2.8, break it: the reader's schedule against a runner that looks
// whether a task may start, and takes note of its start afterwards.

#include <chrono>
#include <stop_token>
#include <thread>

#include "grading/grading.hpp"
#include "runner.hpp"
#include "stoppable_sleep.hpp"

namespace workbook {
namespace {

using namespace std::chrono_literals;

BREAKS(runner_break, the_stop_nobody_got, 2.8, 3, "break_2.schedule") {
  contract("After it the running task's token is stopped");
  std::stop_source source;
  runner tasks(runner::no_limit);
  tasks.add(
      [](std::stop_token stop, int) { stoppable_sleep(stop, 1h); });

  {
    std::jthread runs = explore::actor(
        "runs", [&] { (void)tasks.run(source.get_token()); });
    std::jthread stops =
        explore::actor("stops", [&] { source.request_stop(); });
  }

  EXPECT_LT(explore::now(), 1h)
      << "the task heeds its token, and slept for an hour";
}

}  // namespace
}  // namespace workbook
