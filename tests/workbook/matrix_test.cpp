// The graders graded, on the fixture's chapter: what is right passes,
// and what is wrong is a failure by name.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "workbook/fixture_workspace.hpp"
#include "workbook/sanitizers.hpp"

namespace workbook {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

/// A patch that puts `line` in the place of a solution's line.
std::string patch_of(const std::string& caught_by,
                     const std::string& file, const std::string& old,
                     const std::string& line) {
  return "Fault: one\nSeen-in: a test\n" + caught_by +
         "\n--- a/09_fixture/" + file + "\n+++ b/09_fixture/" + file +
         "\n@@ -1,1 +1,1 @@\n-" + old + "\n+" + line + "\n";
}

TEST(steps, of_the_fixture_pass_exactly_their_tests) {
  const fixture_workspace workspace;
  const auto done = workspace.run("steps --lab 9");
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("09 after step 0    0 of 0 pass, 3 wait"),
                    HasSubstr("09 after step 9.1  2 of 2 pass, 1 wait"),
                    EndsWith("3 of 3 snapshots pass exactly the tests "
                             "of their steps\n")));
}

TEST(steps, that_give_too_much_or_too_little_are_named) {
  const fixture_workspace workspace;
  const fs::path tests = workspace.root() / "tests" / "09_fixture";
  std::string text = read_text(tests / "step_2.cpp");
  text.replace(text.find("== 2"), 4, "== 1");
  write_text(tests / "step_2.cpp", text);
  const auto done = workspace.run("steps");
  EXPECT_EQ(done.status, 1) << done.output;
  EXPECT_THAT(
      done.output,
      AllOf(HasSubstr("09.counts: passes before its step 9.2"),
            HasSubstr("must pass, but 09.counts: fail: expected 2"),
            EndsWith("1 of 3 snapshots pass exactly the tests of their "
                     "steps\n")));
}

// A step that is to be repaired is there, and wrong: its tests fail and
// say its number.
TEST(steps, that_are_to_be_mended_say_their_number) {
  const fixture_workspace workspace;
  const fs::path code =
      workspace.root() / "solutions" / "09_fixture" / "counter.hpp";
  std::string text = read_text(code);
  text.replace(text.find("todo(\"9.2\")"), 11, "return 7");
  write_text(code, text);
  EXPECT_THAT(workspace.run("steps").output,
              HasSubstr("must name a step, but 09.counts: fail"));
  const fs::path test =
      workspace.root() / "tests" / "09_fixture" / "step_2.cpp";
  text = read_text(test);
  text.replace(text.find("\"expected 1"), 1, "\"step 9.2: ");
  write_text(test, text);
  const auto done = workspace.run("steps");
  EXPECT_EQ(done.status, 0) << done.output;
}

TEST(mutants, of_the_fixture_are_caught) {
  const fixture_workspace workspace;
  const auto done = workspace.run("mutants");
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output,
              EndsWith("1 of 1 mutants are caught by the tests they "
                       "name\n"));
}

TEST(mutants, that_are_not_caught_are_named) {
  const fixture_workspace workspace;
  const std::string adds = "Caught-by: adds\n";
  write_text(workspace.mutant("harmless"),
             patch_of(adds, "adder.hpp", "// Adds.", "// Sums."));
  write_text(workspace.mutant("of_another_test"),
             patch_of(adds, "counter.hpp", "  int last_ = 0;",
                      "  int last_ = 5;"));
  write_text(workspace.mutant("stale"),
             patch_of(adds, "adder.hpp", "// Multiplies.", "//"));
  write_text(workspace.mutant("headless"),
             patch_of("", "adder.hpp", "// Adds.", "//"));
  write_text(
      workspace.mutant("of_no_test"),
      patch_of("Caught-by: addds\n", "adder.hpp", "// Adds.", "//"));
  const auto done = workspace.run("mutants");
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(
      done.output,
      AllOf(HasSubstr("survives adds\n      no other test catches it"),
            HasSubstr("survives adds\n      caught by counts"),
            HasSubstr("the patch does not apply: Hunk #1 FAILED"),
            HasSubstr("headless.patch: its head has no line"),
            HasSubstr("names a test addds that the chapter does not"),
            EndsWith("1 of 6 mutants are caught by the tests they "
                     "name\n")));
}

TEST(alternatives, get_full_marks_or_are_named) {
  const fixture_workspace workspace;
  EXPECT_THAT(workspace.run("alternatives").output,
              EndsWith("1 of 1 alternatives get full marks\n"));
  write_text(workspace.root() / "tests" / "09_fixture" /
                 "alternatives" / "backwards" / "adder.hpp",
             "inline int add(int a, int) { return a; }\n");
  const auto done = workspace.run("alternatives");
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.output, AllOf(HasSubstr("60 of 100"),
                                 HasSubstr("09.adds: fail")));
}

TEST(sanitizers, only_their_own_word_counts) {
  EXPECT_EQ(sanitizer_complaint("Expected: 1\nFAILED\n"), "");
  EXPECT_EQ(sanitizer_complaint("x\n==1==ERROR: AddressSanitizer: y\n"),
            "==1==ERROR: AddressSanitizer: y");
  EXPECT_EQ(sanitizer_complaint("a.hpp:1:2: runtime error: shift\n"),
            "a.hpp:1:2: runtime error: shift");
}

}  // namespace
}  // namespace workbook
