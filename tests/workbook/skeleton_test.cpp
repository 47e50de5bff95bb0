// The single source: what is cut from it, and what it refuses, with
// file and line.

#include "workbook/skeleton.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "workbook/problem.hpp"
#include "workbook/regions.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"

namespace workbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

chapter two_steps() {
  chapter of;
  of.lab = "01_pooling";
  of.files = {"a.hpp"};
  of.steps.resize(2);
  of.steps[0].id = "1.1";
  of.steps[1].id = "1.2";
  return of;
}

std::vector<std::string> faults_of(const std::string& text) {
  known_regions known;
  return cut(text, "a.hpp", two_steps(), known).faults;
}

std::string text_after(const std::string& step,
                       const std::string& source) {
  const scratch folder;
  write_text(folder.path() / "a.hpp", source);
  return skeleton(two_steps(), folder.path(), step, {folder.path(), {}})
      .at("a.hpp");
}

const std::string source =
    "//@ #include \"grading/todo.hpp\"\n"
    "int f() {\n"
    "  // [1.1 f]\n"
    "  //@ // TODO(1.1): one.\n"
    "  //@ todo(\"1.1\");\n"
    "  return 1;\n"
    "  // [1.1 f]\n"
    "}\n"
    "int g() {\n"
    "  // [1.2 g]\n"
    "  //@ todo(\"1.2\");\n"
    "  //@[1.1] return 0;\n"
    "  return 2;\n"
    "  // [1.2 g]\n"
    "}\n"
    "// [a part for the book]\n"
    "int h();\n"
    "// [a part for the book]\n";

TEST(skeleton, has_stubs_in_place_of_regions) {
  EXPECT_EQ(text_after("0", source),
            "#include \"grading/todo.hpp\"\n"
            "int f() {\n"
            "  // TODO(1.1): one.\n"
            "  todo(\"1.1\");\n"
            "}\n"
            "int g() {\n"
            "  todo(\"1.2\");\n"
            "  // Serves from step 1.1 on:\n"
            "  // return 0;\n"
            "}\n"
            "int h();\n");
}

TEST(skeleton, after_a_step_has_it_and_what_serves_from_then) {
  EXPECT_EQ(text_after("1.1", source),
            "#include \"grading/todo.hpp\"\n"
            "int f() {\n"
            "  return 1;\n"
            "}\n"
            "int g() {\n"
            "  return 0;\n"
            "}\n"
            "int h();\n");
}

TEST(skeleton, after_the_last_step_is_the_solution) {
  const std::string text = text_after("1.2", source);
  EXPECT_THAT(text, HasSubstr("return 2;"));
  EXPECT_THAT(text, Not(HasSubstr("//@")));
  EXPECT_THAT(text, Not(HasSubstr("[1.")));
}

TEST(skeleton, bare_stub_leaves_nothing) {
  EXPECT_EQ(text_after("0",
                       "int a;\n// [1.1 b]\n//@\nint b;\n"
                       "// [1.1 b]\n"),
            "int a;\n");
}

TEST(skeleton, of_a_schedule_has_another_comment) {
  chapter of = two_steps();
  known_regions known;
  const auto schedule =
      cut("# [1.1 who]\n#@ # TODO(1.1)\nrun A\n# [1.1 who]\n",
          "break_1.schedule", of, known);
  EXPECT_THAT(schedule.faults, IsEmpty());
  EXPECT_EQ(schedule.pieces.at(0).stubs.at(0).text, "# TODO(1.1)");
}

TEST(skeleton, refuses_a_region_that_is_not_closed) {
  EXPECT_THAT(faults_of("\n// [1.1 f]\n//@\n"),
              ElementsAre(HasSubstr(
                  "a.hpp:2: region [1.1 f] is opened and never")));
}

TEST(skeleton, refuses_nested_regions) {
  EXPECT_THAT(
      faults_of("// [1.1 f]\n//@\n// [1.2 g]\n// [1.2 g]\n"
                "// [1.1 f]\n"),
      testing::Contains(HasSubstr(
          "a.hpp:3: region [1.2 g] begins inside region [1.1 f]")));
}

TEST(skeleton, refuses_a_name_that_occurs_again) {
  const std::string twice = "// [1.1 f]\n//@\n// [1.1 f]\n";
  EXPECT_THAT(faults_of(twice + twice),
              ElementsAre(HasSubstr("a.hpp:4: region [1.1 f] was "
                                    "already there at a.hpp:1")));
  EXPECT_THAT(faults_of(twice + "// see [1.1 f]\n"),
              ElementsAre(HasSubstr("a.hpp:4: \"[1.1 f]\" is a")));
}

TEST(skeleton, refuses_a_step_that_is_not_declared) {
  EXPECT_THAT(
      faults_of("// [1.7 f]\n//@\n// [1.7 f]\n"),
      ElementsAre("a.hpp:1: chapter 01_pooling declares no step 1.7; "
                  "its steps are 1.1, 1.2"));
}

TEST(skeleton, refuses_a_region_without_stubs) {
  EXPECT_THAT(faults_of("// [1.1 f]\nint f();\n// [1.1 f]\n"),
              ElementsAre(HasSubstr("a.hpp:1: region [1.1 f] has no "
                                    "\"//@\" line")));
}

TEST(skeleton, refuses_a_wide_line_but_not_its_indentation) {
  const std::string wide(65, 'x');
  const std::string fits = "        " + wide.substr(1);
  EXPECT_THAT(faults_of("// [1.1 f]\n//@\n" + fits + "\n// [1.1 f]\n"),
              IsEmpty());
  EXPECT_THAT(faults_of("// [1.1 f]\n//@\n" + wide + "\n// [1.1 f]\n"),
              ElementsAre(HasSubstr("a.hpp:3: the line is 65 columns "
                                    "wide in the book")));
}

TEST(skeleton, refuses_what_looks_like_a_marker) {
  EXPECT_THAT(faults_of("//[1.1 f]\n"),
              ElementsAre(HasSubstr("looks like a region's marker")));
}

TEST(skeleton, refuses_stubs_of_a_wrong_step) {
  EXPECT_THAT(
      faults_of("// [1.1 f]\n//@\n//@[1.2] x\n// [1.1 f]\n"),
      ElementsAre(HasSubstr("a.hpp:3: a stub that serves from step "
                            "1.2 on stands in a region of step 1.1")));
}

TEST(skeleton, tells_every_fault_at_once) {
  EXPECT_THAT(
      faults_of("//[1.1 f]\n// [1.7 f]\n// [1.7 f]\n// [1.1 g]\n"),
      testing::SizeIs(4));
}

TEST(skeleton, names_a_missing_file_and_a_wrong_step) {
  const scratch folder;
  const workspace where{folder.path(), {}};
  EXPECT_THROW(skeleton(two_steps(), folder.path(), "0", where),
               problem);
  write_text(folder.path() / "a.hpp", source);
  EXPECT_THROW(skeleton(two_steps(), folder.path(), "7.7", where),
               problem);
}

}  // namespace
}  // namespace workbook
