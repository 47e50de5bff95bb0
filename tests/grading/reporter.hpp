// Tells the grader what GoogleTest and the explorer tell us.
//
// Book: appendix "How your work is graded".

#pragma once

#include <gtest/gtest.h>

#include "explore/observer.hpp"

namespace grading {

/// In the process of one schedule it tells the explorer instead, which
/// then ends the schedule.
class reporter : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override;
  void OnTestPartResult(const testing::TestPartResult& part) override;
  void OnTestEnd(const testing::TestInfo& test) override;
};

/// How an explored test went: an explore::observer.
void report_explored(const explore::test_result& what);

}  // namespace grading
