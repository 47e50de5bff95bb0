// Where every test executable begins.

#include <gtest/gtest.h>

#include "explore/observer.hpp"
#include "grading/channel.hpp"
#include "grading/reporter.hpp"

namespace {

// Before the code under test, which may have objects that are made
// before main. 101 is the first number that is not the system's own.
[[gnu::constructor(101)]] void begin(int, char** argv, char**) {
  explore::prepare(argv);  // may begin the program anew
  grading::channel::open();
}

}  // namespace

int main(int argc, char** argv) {
  explore::set_observer(grading::report_explored);
  testing::InitGoogleTest(&argc, argv);

  // The reporter goes before the printer: what fails within a schedule
  // is the explorer's to tell, not the printer's.
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  auto* const printer =
      listeners.Release(listeners.default_result_printer());
  listeners.Append(new grading::reporter);
  listeners.Append(printer);
  return RUN_ALL_TESTS();
}
