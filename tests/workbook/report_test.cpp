// What a reader sees of a grading: golden texts.

#include "workbook/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "workbook/failure_report.hpp"
#include "workbook/tokens.hpp"
#include "workbook/unit_text.hpp"

namespace workbook {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(own_sentence, is_what_the_test_says_after_the_comparison) {
  EXPECT_EQ(own_sentence("Expected equality of these values:\n"
                         "  explore::locks_held()\n"
                         "    Which is: 1\n"
                         "  2\n"
                         "one lock is not two\n"
                         "  at step_1.cpp:7"),
            "one lock is not two");
  EXPECT_EQ(own_sentence("  Expected equality of these values:\n"
                         "    a\n"
                         "      Which is: 1\n"
                         "    2\n"
                         "  one is not two\n"
                         "\n"
                         " step  test\n"),
            "one is not two");
}

TEST(own_sentence, is_the_comparison_where_the_test_says_nothing) {
  EXPECT_EQ(own_sentence("Expected equality of these values:\n"
                         "  sum\n"
                         "    Which is: 1\n"
                         "  2"),
            "Expected equality of these values: sum Which is: 1, 2");
}

TEST(own_sentence, is_the_first_line_of_any_other_report) {
  EXPECT_EQ(own_sentence("  deadlock: no thread can go on\n\n step"),
            "deadlock: no thread can go on");
}

/// A lab of two steps with one test each.
chapter two_steps() {
  chapter of;
  of.lab = "09_fixture";
  of.title = "A fixture";
  of.page = "ch_fixture";
  of.files = {"adder.hpp"};
  of.steps.resize(2);
  of.steps[0].id = "9.1";
  of.steps[0].title = "Adding";
  of.steps[0].tests = {"step_1.cpp"};
  of.steps[1].id = "9.2";
  of.steps[1].title = "Counting";
  of.steps[1].tests = {"step_2.cpp"};
  return of;
}

graded test_of(const std::string& step, const std::string& name,
               verdict status, const std::string& message) {
  graded each;
  each.test.suite = "suite";
  each.test.name = name;
  each.test.id = "09." + name;
  each.test.step = step;
  each.test.file = step == "9.1" ? "step_1.cpp" : "step_2.cpp";
  each.test.line = 4;
  each.test.points = 50;
  each.result.status = status;
  each.result.message = message;
  each.result.made_from = "1";
  each.result.just_now = true;
  return each;
}

record record_of(const chapter& of, std::vector<graded> tests) {
  record made;
  made.lab = of.lab;
  made.title = of.title;
  made.page = of.page;
  made.variant = "labs";
  made.tests = std::move(tests);
  return made;
}

const workspace nowhere{"/nowhere", "/nowhere/build/explore"};

TEST(report, a_lock_that_waits_for_itself_comes_first) {
  const chapter of = two_steps();
  const record all = record_of(
      of, {test_of("9.1", "notifies", verdict::fail,
                   "which conditions does shutdown notify?"),
           test_of("9.1", "returns", verdict::fail,
                   "deadlock: test locks mutex again and waits for "
                   "itself")});
  EXPECT_EQ(main_failure(of, all)->test.id, "09.returns");
}

TEST(report, an_older_failure_is_not_shown_in_the_place_of_a_new_one) {
  const chapter of = two_steps();
  record all = record_of(
      of, {test_of("9.1", "old", verdict::fail, "older words"),
           test_of("9.2", "fresh", verdict::fail, "what is so now")});
  all.tests[0].result.just_now = false;
  all.partial = "9.2";
  EXPECT_EQ(main_failure(of, all)->test.id, "09.fresh");
}

TEST(report, next_names_the_test_that_fails) {
  const chapter of = two_steps();
  const record all = record_of(
      of, {test_of("9.1", "adds", verdict::fail, "two and two"),
           test_of("9.2", "counts", verdict::pass, "")});
  EXPECT_EQ(
      next_step_text(nowhere, of, all, {}),
      "\n  Next 9.1  Adding\n"
      "        fails  09.adds (tests/09_fixture/step_1.cpp:4)\n"
      "        read   book/09_fixture.md, step 9.1 (make book: as "
      "a page)\n"
      "        write  labs/09_fixture/adder.hpp\n"
      "        stuck?  make hint STEP=9.1\n");
}

TEST(report, a_step_that_others_need_is_named_once) {
  const chapter of = two_steps();
  record all = record_of(
      of, {test_of("9.1", "adds", verdict::not_written, ""),
           test_of("9.2", "counts", verdict::not_written, "")});
  all.tests[0].result.step_not_written = "9.1";
  all.tests[1].result.step_not_written = "9.1";
  EXPECT_EQ(other_failures_text(of, all, {}),
            "\n  · 1 test of other steps needs step 9.1, which is not "
            "written yet\n");
}

TEST(report, in_24_rows_keeps_promise_message_and_score) {
  const chapter of = two_steps();
  std::string message = "a very long story:\n";
  for (int i = 0; i < 60; ++i) {
    message += "row  " + std::to_string(i) + "\n";
  }
  graded failing = test_of("9.1", "adds", verdict::fail, message);
  failing.result.promise = "add(a, b) is a + b";
  record all = record_of(
      of, {failing, test_of("9.2", "counts", verdict::pass, "")});
  all.at_hand = "9.1";
  const std::string text =
      report_text(nowhere, of, all, {}, {.rows = 22});
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 22) << text;
  EXPECT_THAT(text, HasSubstr("promised: add(a, b) is a + b\n"));
  EXPECT_THAT(text, HasSubstr("a very long story:"));
  EXPECT_THAT(text, HasSubstr("09 A fixture  50 of 100\n"));
  EXPECT_THAT(text, Not(HasSubstr("9.2  Counting")));
}

TEST(tokens, end_where_they_end) {
  const std::string source = "R\"x(a)\" )x\" 1'000 'a' // c\n";
  EXPECT_EQ(read_token(source, 0).end, 11U);
  EXPECT_EQ(read_token(source, 12).end, 17U);
  EXPECT_EQ(read_token(source, 18).end, 21U);
  EXPECT_EQ(read_token(source, 22).kind, token::comment);
  EXPECT_EQ(after_closing("f(\")\", g(')'))x", 1), 14U);
}

TEST(unit_text, keeps_only_the_tests_that_are_wanted) {
  const std::string source =
      "GRADED(a, one, 1.1, 2) {\n  f(\"}\");\n}\n"
      "EXPLORED(a, two, 1.1, 2, .schedules = 3) {\n}\n";
  EXPECT_EQ(only_tests(source, {"two"}),
            std::string(24, ' ') + "\n" + std::string(9, ' ') +
                "\n \nEXPLORED(a, two, 1.1, 2, .schedules = 3) "
                "{\n}\n");
}

}  // namespace
}  // namespace workbook
