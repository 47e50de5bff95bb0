// What submissions do to a grader, a case each, and what must become of
// it.
//
// The instructor's guide has a table of these; the test compares them.

#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace workbook {

struct hostile_case {
  std::string name;  // as in the guide's table
  std::string code;  // adder.hpp of the fixture
  /// What becomes of the test of that file …
  std::string status;
  /// … and the words that its message must hold.
  std::string message;
};

std::vector<hostile_case> hostile_cases();

/// What GoogleTest calls a case.
inline void PrintTo(const hostile_case& each, std::ostream* to) {
  *to << each.name;
}

}  // namespace workbook
