// Step 5.12, break it: the reader's schedule against a scope that
// cancels after a failure before it stores the exception.

#include <stdexcept>
#include <stop_token>
#include <string>

#include "channel.hpp"
#include "grading/grading.hpp"
#include "task_scope.hpp"

namespace workbook {
namespace {

BREAKS(leaks_break, the_second_error_came_first, 5.12, 2,
       "break_2.schedule") {
  contract("Then rethrows the first exception of a child, once.");
  std::string first;
  channel<int> quiet;
  task_scope scope;

  (void)scope.spawn(
      [](std::stop_token) { throw std::runtime_error("the cause"); });
  (void)scope.spawn([&](std::stop_token stop) {
    (void)quiet.receive(stop);
    throw std::runtime_error("a consequence");
  });
  try {
    scope.join();
  } catch (const std::runtime_error& error) {
    first = error.what();
  }

  EXPECT_EQ(first, "the cause");
}

}  // namespace
}  // namespace workbook
