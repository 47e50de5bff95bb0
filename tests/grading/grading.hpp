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

#include <string_view>

#include "explore/explore.hpp"

namespace grading {

/// Says in the docstring's words what this test holds the code to. A
/// failure is reported under it. The first line of every test.
/// `words` is a string literal. Costs one store.
void contract(const char* words);

}  // namespace grading

using grading::contract;

// The body of a test, which follows the macro: a function. A program
// for one mutant has WORKBOOK_NAMED, the tests that are to catch it
// (" late_count early_count "); the bodies of all others are read, but
// nothing is generated for them, which saves most of the time.
#ifdef WORKBOOK_NAMED
namespace grading {

// `test` has a blank on either side.
constexpr bool is_named(std::string_view test) {
  return std::string_view(WORKBOOK_NAMED).find(test) !=
         std::string_view::npos;
}

}  // namespace grading

#define WORKBOOK_DECLARE_BODY(suite, test)               \
  template <bool>                                        \
  static void suite##_##test##_body();                   \
  template <>                                            \
  [[maybe_unused]] void suite##_##test##_body<false>() { \
    FAIL() << #test " is not one of" WORKBOOK_NAMED;     \
  }
#define WORKBOOK_BODY(suite, test) \
  suite##_##test##_body<grading::is_named(" " #test " ")>
#define WORKBOOK_DEFINE_BODY(suite, test) \
  template <bool>                         \
  static void suite##_##test##_body()
#else
#define WORKBOOK_DECLARE_BODY(suite, test) \
  static void suite##_##test##_body();
#define WORKBOOK_BODY(suite, test) suite##_##test##_body
#define WORKBOOK_DEFINE_BODY(suite, test) \
  static void suite##_##test##_body()
#endif

/// A native test: the body runs once, on real threads and real time.
#define GRADED(suite, test, step, points) \
  WORKBOOK_DECLARE_BODY(suite, test)      \
  TEST(suite, test) {                     \
    WORKBOOK_BODY(suite, test)();         \
  }                                       \
  WORKBOOK_DEFINE_BODY(suite, test)

/// An explored test: the body runs once per schedule, each schedule in
/// a process of its own, on virtual time. What follows the points are
/// designated initialisers of explore::options.
#define EXPLORED(suite, test, step, points, ...)               \
  WORKBOOK_DECLARE_BODY(suite, test)                           \
  TEST(suite, test) {                                          \
    explore::run(#suite "." #test, WORKBOOK_BODY(suite, test), \
                 explore::options{__VA_ARGS__});               \
  }                                                            \
  WORKBOOK_DEFINE_BODY(suite, test)

/// A wrong implementation, and a schedule of the reader's under which
/// the promise must break. `file` stands beside the reader's code.
#define BREAKS(suite, test, step, points, file)                       \
  WORKBOOK_DECLARE_BODY(suite, test)                                  \
  TEST(suite, test) {                                                 \
    explore::run_broken(#suite "." #test, WORKBOOK_BODY(suite, test), \
                        #step, file);                                 \
  }                                                                   \
  WORKBOOK_DEFINE_BODY(suite, test)
