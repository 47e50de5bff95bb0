// What a verdict depends on: the sources that are compiled into the
// test's program, and all that builds, runs and judges it.
//
// A verdict is worth points only as long as these are what they were.
//
// Book: appendix "How your work is graded".

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/variant.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

class test_inputs {
 public:
  /// `base` is whose earlier labs the variant rests on. The arguments
  /// outlive the object.
  test_inputs(const workspace& where, const chapter& of,
              const variant& judged, const std::string& base);

  /// A fingerprint of what `test` depends on now; "" if something of it
  /// cannot be read. A change in a file that the test's program does
  /// not include leaves it as it is.
  const std::string& of(const graded_test& test);

 private:
  [[nodiscard]] std::string compute(const graded_test& test) const;
  [[nodiscard]] std::string beside_the_sources(
      const graded_test& test) const;

  const workspace& where_;
  const chapter& of_;
  const variant judged_;
  const std::string base_;
  const std::string tools_;  // the state of the grader itself
  std::map<std::string, std::string> known_;  // by test file
};

/// A fingerprint of the files in and below these folders.
std::string fingerprint_of(
    const std::vector<std::filesystem::path>& folders);

}  // namespace workbook
