// What is read from sources as text: the list of tests, the compiler's
// first error.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "workbook/bounded_text.hpp"
#include "workbook/compiler_output.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/problem.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"

namespace workbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> faults;

std::vector<graded_test> scan(const std::string& text) {
  faults.clear();
  return scan_tests(text, "step_1.cpp", faults);
}

TEST(graded_tests, reads_the_macros_and_the_promise) {
  const auto tests = scan(
      "GRADED(pool, runs, 1.1, 4) {\n"
      "  contract(\"one \"\n          \"task\");\n}\n"
      "EXPLORED(pool, waits,\n         1.3, 6, .steps = 9) {}\n");
  ASSERT_EQ(tests.size(), 2U);
  EXPECT_EQ(tests[0].full_name(), "pool.runs");
  EXPECT_EQ(tests[0].promise, "one task");
  EXPECT_EQ(tests[0].kind, "native");
  EXPECT_EQ(tests[1].kind, "explored");
  EXPECT_EQ(tests[1].step, "1.3");
  EXPECT_EQ(tests[1].points, 6);
  EXPECT_EQ(tests[1].line, 5U);
  EXPECT_THAT(faults, IsEmpty());
}

TEST(graded_tests, passes_over_comments) {
  EXPECT_THAT(scan("/*\nGRADED(a, b, 1.1, 4) {\n*/\n"
                   "// GRADED(a, b, 1.1, 4)\n"
                   "  GRADED(not, at, 1.1, 4)\n"),
              IsEmpty());
}

TEST(graded_tests, refuses_arguments_that_are_no_literals) {
  scan("\nGRADED(pool, runs, step, 4) {}\n");
  EXPECT_THAT(faults, ElementsAre(HasSubstr("step_1.cpp:2: ")));
}

/// A workspace with one chapter whose only test file says `text`.
std::string complaints(const std::string& text) {
  const scratch folder;
  const workspace where{folder.path(), {}};
  chapter of;
  of.lab = "01_pooling";
  of.steps.resize(1);
  of.steps[0].id = "1.1";
  of.steps[0].tests = {"step_1.cpp"};
  write_text(where.tests(of.lab) / "step_1.cpp", text);
  try {
    list_tests(where, of);
  } catch (const problem& trouble) {
    return trouble.what();
  }
  return {};
}

TEST(graded_tests, refuses_points_that_are_not_100) {
  EXPECT_THAT(complaints("GRADED(a, b, 1.1, 100) {}\n"), IsEmpty());
  EXPECT_THAT(complaints("GRADED(a, b, 1.1, 99) {}\n"),
              HasSubstr("add up to 99, they must add up to 100"));
}

TEST(graded_tests, refuses_a_name_twice_and_an_unknown_step) {
  const std::string text = complaints(
      "GRADED(a, b, 1.1, 50) {}\nGRADED(c, b, 1.1, 50) {}\n"
      "GRADED(c, d, 1.2, 50) {}\n");
  EXPECT_THAT(text, HasSubstr("step_1.cpp:2: a test b is there"));
  EXPECT_THAT(text, HasSubstr("step_1.cpp:3: step 1.2 is not"));
}

TEST(first_error, is_shortened_and_seen_from_the_root) {
  EXPECT_EQ(
      first_error("/w/labs/01/a.hpp: In function 'f':\n"
                  "/w/labs/01/a.hpp:7:3: error: expected ';' before "
                  "'}' token [-Wsome]\n"
                  "/w/labs/01/a.hpp:9:3: error: another\n",
                  "/w/labs/01", "/w"),
      "labs/01/a.hpp:7: expected ';' before '}' token");
}

TEST(first_error, in_a_library_is_shown_at_the_readers_line) {
  EXPECT_EQ(
      first_error(
          "/usr/include/c++/12/future: In instantiation of 'x':\n"
          "/w/labs/01/a.hpp:12:5:   required from 'void g()'\n"
          "/w/tests/01/step_1.cpp:3:1:   required from here\n"
          "/usr/include/c++/12/future:99:1: error: static assertion\n",
          "/w/labs/01", "/w"),
      "labs/01/a.hpp:12: static assertion (seen in future:99)");
}

TEST(first_error, may_be_the_linkers) {
  EXPECT_THAT(first_error("/usr/bin/ld: a.o: in function `f':\n"
                          "/w/tests/01/s.cpp:8: undefined reference "
                          "to `workbook::g()'\n",
                          "/w/labs/01", "/w"),
              HasSubstr("undefined reference to `g()'"));
}

TEST(first_error, of_none_is_empty) {
  EXPECT_EQ(first_error("all is well\n", "/w/labs", "/w"), "");
}

TEST(bounded_text, keeps_both_ends) {
  bounded_text text(4);
  text.append("abc");
  text.append("defghij");
  EXPECT_EQ(text.total(), 10U);
  EXPECT_EQ(text.text(), "abcd\n… 2 bytes left out …\nghij");
}

}  // namespace
}  // namespace workbook
