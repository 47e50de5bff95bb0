// What the explorer reports to the grading library about a test.

#pragma once

#include <string>

namespace explore {

struct test_result {
  bool failed = false;
  std::string failure{};  // the report, if it failed
  std::string file{};     // of a failed expectation; else empty
  int line = 0;
  int schedules = 0;        // tried
  std::string strategy{};   // of the failing one, or of them all
  int complete_bound = -1;  // not negative: every schedule was tried
  std::string seed{};       // of the failing one; empty if none failed
  std::string promise{};
  std::string unwritten{};  // step; empty if todo() was not reached
  std::string infrastructure{};  // not the reader's fault
  std::string unavailable{};     // what the test needs, and is not here
};

using observer = void (*)(const test_result& what);

/// `observe` is called once for each explored test: it reports to the
/// grader and the test framework, of which the explorer knows nothing.
void set_observer(observer observe);

/// To be called first in main: turns address randomisation off by
/// starting the program anew, so that a seed means the same schedule in
/// every run. Where the system forbids that, it is left on.
void prepare(char** arguments);

}  // namespace explore
