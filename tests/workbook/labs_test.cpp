// What belongs to the reader: her labs, her hints, her board.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "workbook/fixture_workspace.hpp"

namespace workbook {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST(labs, are_never_overwritten_once_edited) {
  const fixture_workspace workspace;
  write_text(workspace.lab("adder.hpp"), "// mine\n");
  fs::remove(workspace.lab("counter.hpp"));
  const auto done = workspace.run("labs");
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("adder.hpp: has edits of yours"),
                    HasSubstr("counter.hpp: written")));
  EXPECT_EQ(read_text(workspace.lab("adder.hpp")), "// mine\n");
  EXPECT_EQ(workspace.run("labs --check").status, 1);
}

TEST(labs, that_nobody_edited_follow_the_solution) {
  const fixture_workspace workspace;
  const fs::path solution =
      workspace.root() / "solutions" / "09_fixture" / "adder.hpp";
  write_text(solution, read_text(solution) + "// more\n");
  EXPECT_EQ(workspace.run("labs --check").status, 1);
  EXPECT_EQ(workspace.run("labs").status, 0);
  EXPECT_THAT(read_text(workspace.lab("adder.hpp")),
              HasSubstr("// more"));
  EXPECT_EQ(workspace.run("labs --check").status, 0);
}

TEST(labs, reset_keeps_what_was_there) {
  const fixture_workspace workspace;
  write_text(workspace.lab("adder.hpp"), "// mine\n");
  const auto done = workspace.run("reset --lab 9");
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(workspace.run("labs --check").status, 0);
  const std::string words = "what you had is in ";
  ASSERT_THAT(done.output, HasSubstr(words));
  const std::string folder(trimmed(
      done.output.substr(done.output.find(words) + words.size())));
  EXPECT_EQ(read_text(workspace.root() / folder / "adder.hpp"),
            "// mine\n");
}

TEST(labs, with_faults_in_one_file_are_named) {
  const fixture_workspace workspace;
  const fs::path solution =
      workspace.root() / "solutions" / "09_fixture" / "adder.hpp";
  write_text(solution, "// [9.1 add]\n// [9.3 sub]\n");
  const auto done = workspace.run("labs");
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(
      done.output,
      AllOf(HasSubstr("solutions/09_fixture/adder.hpp:2: region [9.3"),
            HasSubstr("solutions/09_fixture/adder.hpp:1: region "
                      "[9.1 add] is opened")));
}

TEST(hint, shows_one_more_each_time) {
  const fixture_workspace workspace;
  write_text(workspace.root() / "book/hints/09_fixture/9.1.md",
             "## A nudge\n\nLook at both.\n\n## More\n\nUse +.\n");
  EXPECT_THAT(
      workspace.run("hint --step 9.1").output,
      AllOf(HasSubstr("1 of 2  A nudge"), HasSubstr("Look at both."),
            Not(HasSubstr("Use +"))));
  EXPECT_THAT(workspace.run("hint --step 9.1").output,
              AllOf(HasSubstr("2 of 2  More"), HasSubstr("Use +."),
                    Not(HasSubstr("Look"))));
  EXPECT_THAT(workspace.run("hint --step 9.1").output,
              HasSubstr("the last hint"));
  EXPECT_THAT(workspace.run("hint --step 9.1 --again").output,
              AllOf(HasSubstr("Look"), HasSubstr("Use +.")));
  const auto none = workspace.run("hint --step 9.2");
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.output, HasSubstr("step 9.2 has no hints"));
}

TEST(board, grades_what_changed_and_says_what_is_next) {
  const fixture_workspace workspace;
  workspace.solve("adder.hpp");
  const auto first = workspace.run("board");
  EXPECT_EQ(first.status, 0) << first.output;
  EXPECT_THAT(first.output, AllOf(HasSubstr("60 of 100"),
                                  HasSubstr("Next 9.2  Counting")));
  const auto second = workspace.run("board");
  EXPECT_THAT(second.output, HasSubstr("60 of 100"));
}

TEST(replay, becomes_the_test) {
  const fixture_workspace workspace;
  EXPECT_EQ(
      workspace.run("replay --case 9.adds --variant solutions").status,
      0);
  EXPECT_EQ(workspace.run("replay --case 09.adds --seed 7").status, 97);
  const auto wrong = workspace.run("replay --case 09.addds");
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.output, HasSubstr("\n  09.adds\n"));
}

}  // namespace
}  // namespace workbook
