// Step 2.7, break it: the reader's schedule against a runner that takes
// a task's return for a success without a look at the clock.

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

#include "grading/grading.hpp"
#include "runner.hpp"

namespace workbook {
namespace {

using namespace std::chrono_literals;

BREAKS(runner_break, a_tie_is_won, 2.7, 3, "break_1.schedule") {
  contract("the last stamp is strictly before the deadline");
  std::string how;

  {
    std::jthread user = explore::actor("user", [&] {
      runner tasks(3s);
      tasks.add([](std::stop_token, int) {
        std::this_thread::sleep_for(3s);
      });
      how = name_of(tasks.run().how);
    });
  }

  EXPECT_EQ(how, "timed_out") << "the task took as long as the limit";
}

}  // namespace
}  // namespace workbook
