// The command line from end to end, on the fixture's chapter: what is
// graded, written, and said when something is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "workbook/fixture_workspace.hpp"

namespace workbook {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// One workspace for the tests that do not spoil it.
const fixture_workspace& shared_workspace() {
  static const fixture_workspace workspace;
  return workspace;
}

TEST(grade, gives_the_reference_full_marks) {
  const auto& workspace = shared_workspace();
  const auto done = workspace.run(
      "grade --lab 09_fixture --variant solutions --strict");
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("100 of 100"));
  const json record = workspace.result("solutions");
  EXPECT_EQ(record["score"], 100);
  EXPECT_EQ(record["tests"][0]["promise"], "add(a, b) is a + b");
  EXPECT_EQ(record["tests"][2]["section"], "ch_fixture.html#s_9_2");
}

TEST(grade, gives_the_skeleton_nothing_and_names_the_steps) {
  const auto& workspace = shared_workspace();
  const auto done = workspace.run("grade --lab 9");
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("0 of 100"),
                    HasSubstr("Next 9.1  Adding, about 5 minutes\n"
                              "        read   book/09_fixture.md, "
                              "step 9.1 (make book: as a page)\n"
                              "        write  "
                              "labs/09_fixture/adder.hpp:6\n"),
                    Not(HasSubstr("not written yet;"))));
  for (const json& test : workspace.result("labs")["tests"]) {
    EXPECT_EQ(test["status"], "not_written") << test;
    EXPECT_THAT(std::string(test["message"]),
                HasSubstr("is not written yet"));
  }
  EXPECT_EQ(workspace.run("grade --lab 09 --strict").status, 1);
}

TEST(grade, a_syntax_error_costs_its_own_step_only) {
  const fixture_workspace workspace;
  workspace.solve("counter.hpp");
  write_text(workspace.lab("adder.hpp"),
             "int add(int a, int b) {\n  return a + b\n}\n");
  const auto done = workspace.run("grade --lab 9");
  EXPECT_EQ(done.status, 0);
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("40 of 100"),
                    HasSubstr("labs/09_fixture/adder.hpp:2: expected"),
                    HasSubstr("1 more test was not run")));
  const json record = workspace.result("labs");
  EXPECT_EQ(record["max_score"], 100);
  EXPECT_EQ(record["tests"][0]["status"], "not_run");
  EXPECT_EQ(record["tests"][2]["status"], "pass");
}

// The text of the lab's file `name` with `old` replaced.
void edit(const fs::path& file, const std::string& old,
          const std::string& by) {
  std::string text = read_text(file);
  ASSERT_NE(text.find(old), std::string::npos) << text;
  write_text(file, text.replace(text.find(old), old.size(), by));
}

// A step that turns green says nothing of the others: they run too.
TEST(grade, of_a_step_that_is_done_runs_the_others) {
  const fixture_workspace workspace;
  workspace.solve("adder.hpp");
  workspace.solve("counter.hpp");
  EXPECT_THAT(workspace.run("grade --step 9.1").output,
              HasSubstr("100 of 100"));
  EXPECT_EQ(workspace.result("labs")["partial"], nullptr);
}

TEST(grade, of_one_step_gives_nothing_for_older_verdicts) {
  const fixture_workspace workspace;
  workspace.solve("adder.hpp");
  workspace.solve("counter.hpp");
  ASSERT_EQ(workspace.run("grade --lab 9 --strict").status, 0);
  edit(workspace.lab("adder.hpp"), "return a + b", "return a - b");
  edit(workspace.lab("counter.hpp"), "++last_", "--last_");
  const auto done = workspace.run("grade --step 9.2");
  EXPECT_THAT(
      done.output,
      AllOf(HasSubstr(" 0 of 100\n"),
            HasSubstr("9.1  Adding                                   "
                      "not run since your last change\n"),
            HasSubstr("2 tests were not run since your last change: "
                      "make grade LAB=09"),
            HasSubstr("\n  ✗ 09.counts "),
            Not(HasSubstr("✗ 09.adds"))));
  const json record = workspace.result("labs");
  EXPECT_EQ(record["score"], 0);
  EXPECT_EQ(record["tests"][0]["status"], "not_run");
  EXPECT_EQ(record["tests"][0]["older"], true);
  EXPECT_EQ(record["tests"][2]["status"], "fail");
}

// What the edit cannot have changed is not run again.
TEST(grade, keeps_what_an_edit_cannot_change) {
  const fixture_workspace workspace;
  workspace.solve("adder.hpp");
  workspace.solve("counter.hpp");
  ASSERT_EQ(workspace.run("grade --lab 9 --strict").status, 0);
  const auto adder = workspace.root() / "build" / "explore" /
                     "09_fixture" / "labs" / "step_1";
  fs::remove(adder);
  edit(workspace.lab("counter.hpp"), "++last_", "last_ += 1");
  EXPECT_THAT(workspace.run("grade --lab 9").output,
              HasSubstr("100 of 100"));
  EXPECT_FALSE(fs::exists(adder));
}

// The step that was asked for comes first, and whole.
TEST(grade, shows_the_step_that_was_asked_for_in_full) {
  const fixture_workspace workspace;
  workspace.solve("adder.hpp");
  workspace.solve("counter.hpp");
  edit(workspace.lab("adder.hpp"), "return a + b", "return a - b");
  edit(workspace.lab("counter.hpp"), "++last_", "--last_");
  ASSERT_EQ(workspace.run("grade --lab 9").status, 0);
  const auto done = workspace.run("grade --step 9.2");
  EXPECT_THAT(done.output,
              testing::StartsWith(
                  "\n  ✗ 09.counts" + std::string(38, ' ') +
                  "fail, step 9.2, 40 points\n"
                  "    promised: next() is one more each time\n\n"
                  "    expected 1\n"));
  EXPECT_THAT(done.output, HasSubstr("✗ 9.1  09.adds  expected 5\n"));
}

TEST(grade, without_the_explorer_is_marked) {
  const fixture_workspace workspace;
  const std::string tree =
      (workspace.root() / "build" / "explore").string();
  ASSERT_EQ(
      run_command({"cmake", "-S", workspace.root().string(), "-B", tree,
                   "-DWORKBOOK_BASE=labs", "-DWORKBOOK_RUNS_ON=tsan"},
                  workspace.root())
          .status,
      0);
  const auto done = workspace.run("grade --lab 9 --variant solutions");
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("The explorer does not work on this"),
                    HasSubstr("under ThreadSanitizer: a pass may be")));
  EXPECT_EQ(workspace.result("solutions")["runtime"], "tsan");
}

TEST(grade, speaks_to_other_systems) {
  const auto& workspace = shared_workspace();
  const auto done = workspace.run(
      "grade --lab 9 --junit j.xml --gradescope g.json --autolab "
      "--github");
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("::error file=tests/09_fixture/"),
                    HasSubstr(R"({"scores":{"09_fixture":0}})")));
  EXPECT_THAT(read_text(workspace.root() / "j.xml"),
              AllOf(HasSubstr("tests=\"2\" failures=\"2\""),
                    HasSubstr("name=\"09.counts\"")));
  const json scope =
      json::parse(read_text(workspace.root() / "g.json"));
  EXPECT_EQ(scope["score"], 0);
  EXPECT_EQ(scope["tests"].size(), 3U);
}

TEST(grade, record_has_the_fields_of_its_schema) {
  const auto& workspace = shared_workspace();
  ASSERT_EQ(workspace.run("grade --lab 9 --variant solutions").status,
            0);
  const json record = workspace.result("solutions");
  const json schema = json::parse(read_text(WORKBOOK_SCHEMA));
  const auto expect_same_keys = [](const json& object,
                                   const json& described) {
    for (const auto& [name, value] : object.items()) {
      EXPECT_TRUE(described["properties"].contains(name)) << name;
    }
    for (const json& name : described["required"]) {
      EXPECT_TRUE(object.contains(std::string(name))) << name;
    }
  };
  expect_same_keys(record, schema);
  expect_same_keys(record["tests"][0],
                   schema["properties"]["tests"]["items"]);
  expect_same_keys(record["steps"][0],
                   schema["properties"]["steps"]["items"]);
}

TEST(bad_input, is_told_in_one_line_with_what_is_right) {
  const auto& workspace = shared_workspace();
  const std::pair<const char*, const char*> cases[] = {
      {"grade --lab 3", "no lab \"3\"; the labs are: 09_fixture"},
      {"grade --lab nine", "the labs are: 09_fixture"},
      {"grade --step 9.7", "its steps are 9.1, 9.2"},
      {"grade --step x", "a step is written like 1.3"},
      {"grade --lab 9 --variant best", "labs, solutions"},
      {"grade --lab 9 --base best", "workbook: BASE: best not in "},
      {"grade --lbs 9", "--lbs"},
      {"gade", "no command \"gade\"; the commands are: grade"},
      {"skeleton --lab 9 --step 9.9 --out x", "9.1, 9.2"},
      {"skeleton --lab 9", "--out"},
  };
  for (const auto& [words, right] : cases) {
    const auto done = workspace.run(words);
    EXPECT_EQ(done.status, 2) << words << "\n" << done.output;
    EXPECT_THAT(done.output, HasSubstr(right)) << words;
  }
}

TEST(bad_input, a_missing_lab_file_is_named) {
  const fixture_workspace workspace;
  fs::remove(workspace.lab("adder.hpp"));
  const auto done = workspace.run("grade --lab 9");
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("labs/09_fixture/adder.hpp: is not "
                              "there"),
                    HasSubstr("make reset LAB=09")));
}

TEST(bad_input, a_broken_chapter_or_record_is_named) {
  const fixture_workspace workspace;
  const fs::path record = workspace.root() / "build" / "results" /
                          "09_fixture" / "labs" / "result.json";
  write_text(record, "{\"lab\": \"09_fi");
  const auto half = workspace.run("grade --step 9.1");
  EXPECT_EQ(half.status, 2);
  EXPECT_THAT(half.output, HasSubstr("is not a whole record"));
  EXPECT_EQ(workspace.run("grade --lab 9").status, 0);

  const fs::path chapter =
      workspace.root() / "tests" / "09_fixture" / "chapter.json";
  write_text(chapter, R"({"lab": "09_fixture", "title": 7})");
  EXPECT_THAT(workspace.run("grade --lab 9").output,
              HasSubstr("\"title\" is 7, a text is expected"));
  write_text(chapter, "{\"lab\": ");
  EXPECT_THAT(workspace.run("grade --lab 9").output,
              HasSubstr("chapter.json: is not JSON"));
}

}  // namespace
}  // namespace workbook
