// The face of the grading tests: GoogleTest, with a step and points.
//
// A test file alone tells what it is worth. `workbook` reads these
// macros as text, so that a file that does not compile still counts
// in the denominator; each macro therefore begins its line, and its
// four arguments are literals:
//
//   GRADED(pooling_submit, runs_a_task, 1.1, 4) {
//     contract("submit runs the task on a worker");
//     …
//   }
//
// `test` is unique within a chapter: <lab number>.<test> names it.
//
// Book: appendix "How your work is graded".

#pragma once

#include <gtest/gtest.h>

#include "explore/explore.hpp"

namespace grading {

/// Says in the docstring's words what this test holds the code to. A
/// failure is reported under it. The first line of every test.
/// `words` is a string literal. Costs one store.
void contract(const char* words);

/// The last line of every test. Where the grader has planted a failure
/// (channel::is_canary()), the test fails here: so one whose code never
/// ran, or whose results are forged, is seen from outside.
void end_of_test();

}  // namespace grading

using grading::contract;

// Where one program judges several variants, each in a namespace
// WORKBOOK_INSIDE, a suite is called after both. The body of a test,
// which follows the macro, is a function.
#ifdef WORKBOOK_SEVERAL
#define WORKBOOK_JOIN(suite, inside) suite##_of_##inside
#define WORKBOOK_JOIN_EXPANDED(suite, inside) \
  WORKBOOK_JOIN(suite, inside)
#define WORKBOOK_SUITE(suite) \
  WORKBOOK_JOIN_EXPANDED(suite, WORKBOOK_INSIDE)
#else
#define WORKBOOK_SUITE(suite) suite
#endif
#define WORKBOOK_TEST(suite, test) TEST(suite, test)

/// A native test: the body runs once, on real threads and real time.
#define GRADED(suite, test, step, points)      \
  static void suite##_##test##_body();         \
  WORKBOOK_TEST(WORKBOOK_SUITE(suite), test) { \
    suite##_##test##_body();                   \
    grading::end_of_test();                    \
  }                                            \
  static void suite##_##test##_body()

/// An explored test: the body runs once per schedule, each schedule in
/// a process of its own, on virtual time. What follows the points are
/// designated initialisers of explore::options.
#define EXPLORED(suite, test, step, points, ...) \
  static void suite##_##test##_body();           \
  WORKBOOK_TEST(WORKBOOK_SUITE(suite), test) {   \
    explore::run(                                \
        #suite "." #test,                        \
        [] {                                     \
          suite##_##test##_body();               \
          grading::end_of_test();                \
        },                                       \
        explore::options{__VA_ARGS__});          \
  }                                              \
  static void suite##_##test##_body()

#ifdef WORKBOOK_HANDOUT
/// A handout has no wrong implementation: it would show the right one.
#define BREAKS(suite, test, step, points, file)         \
  [[maybe_unused]] static void suite##_##test##_body(); \
  WORKBOOK_TEST(WORKBOOK_SUITE(suite), test) {          \
    GTEST_SKIP() << "graded where it is handed in";     \
  }                                                     \
  static void suite##_##test##_body()
#else
/// A wrong implementation, and a schedule of the reader's under which
/// the promise must break. `file` stands beside the reader's code.
#define BREAKS(suite, test, step, points, file)                  \
  static void suite##_##test##_body();                           \
  WORKBOOK_TEST(WORKBOOK_SUITE(suite), test) {                   \
    explore::run_broken(#suite "." #test, suite##_##test##_body, \
                        #step, file);                            \
    grading::end_of_test();                                      \
  }                                                              \
  static void suite##_##test##_body()
#endif
