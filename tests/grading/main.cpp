// Where every test executable begins.

#include <gtest/gtest.h>

#include "explore/observer.hpp"
#include "grading/reporter.hpp"

int main(int argc, char** argv) {
  explore::prepare(argv);
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
