// Machine-made mutants: the record, the excused ones, the score.

#include "workbook/mutate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "workbook/fixture_workspace.hpp"
#include "workbook/problem.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"
#include "workbook/try_build.hpp"

namespace workbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// ---- What is known -----------------------------------------------

class mutation_files : public testing::Test {
 protected:
  mutation_files() { of_.lab = "01_pooling"; }

  std::string complaint(const std::string& excused) {
    write_text(where_.tests(of_.lab) / "equivalent.json", excused);
    try {
      excused_mutants(where_, of_);
    } catch (const problem& trouble) {
      return trouble.what();
    }
    return "";
  }

  const scratch folder_;
  const workspace where_{folder_.path(), {}};
  chapter of_;
};

TEST_F(mutation_files, a_record_goes_on_where_it_was_left) {
  const auto file = folder_.path() / "record.json";
  tried caught;
  caught.how = tried::kind::caught;
  caught.by = {"a_test (fail)"};
  mutation_record(file, "1", false).add("a -> b", caught);
  const mutation_record again(file, "1", false);
  ASSERT_NE(again.find("a -> b"), nullptr);
  EXPECT_EQ(again.find("a -> b")->how, tried::kind::caught);
  EXPECT_THAT(again.find("a -> b")->by, ElementsAre("a_test (fail)"));
  EXPECT_EQ(again.find("b -> a"), nullptr);
}

TEST_F(mutation_files, a_record_of_other_sources_is_forgotten) {
  const auto file = folder_.path() / "record.json";
  mutation_record(file, "1", false).add("a", {});
  EXPECT_EQ(mutation_record(file, "2", false).find("a"), nullptr);
  EXPECT_EQ(mutation_record(file, "1", true).find("a"), nullptr);
}

TEST_F(mutation_files, a_record_that_is_none_is_named) {
  const auto file = folder_.path() / "record.json";
  write_text(file, "{\"made_from\": \"1\"");
  EXPECT_THROW(mutation_record(file, "1", false), problem);
  EXPECT_EQ(mutation_record(file, "1", true).find("a"), nullptr);
}

TEST_F(mutation_files, excused_mutants_have_a_verdict_and_a_reason) {
  EXPECT_EQ(complaint(R"([{"mutant": "a", "verdict": "equivalent",
                           "reason": "x is never 0"}])"),
            "");
  EXPECT_EQ(excused_mutants(where_, of_).at("a").reason,
            "x is never 0");
  EXPECT_THAT(complaint("{}"), HasSubstr("a list of entries"));
  EXPECT_THAT(
      complaint(R"([{"mutant": "a", "verdict": "equivalent"}])"),
      HasSubstr("entry 1 needs a text \"reason\""));
  EXPECT_THAT(complaint(R"([{"mutant": "a", "verdict": "fine",
                             "reason": "x"}])"),
              HasSubstr("the verdict \"fine\""));
}

// ---- Scores ------------------------------------------------------

judged_mutant judged(tried::kind how, bool excused = false) {
  judged_mutant made;
  made.result.emplace();
  made.result->how = how;
  if (excused) {
    made.excused = {"equivalent", "x"};
  }
  return made;
}

TEST(mutation_scores, leave_out_what_no_test_has_to_catch) {
  using kind = tried::kind;
  mutation_score of;
  of.mutants = {
      judged(kind::caught),         judged(kind::caught),
      judged(kind::caught),         judged(kind::survives),
      judged(kind::survives, true), judged(kind::does_not_compile)};
  EXPECT_EQ(of.holes(), 1U);
  EXPECT_DOUBLE_EQ(of.score(), 0.75);
  EXPECT_EQ(of.wrongly_excused(), 0U);
  of.mutants.push_back(judged(kind::caught, true));
  EXPECT_EQ(of.wrongly_excused(), 1U);
  EXPECT_DOUBLE_EQ(of.score(), 0.75);
}

TEST(guilty, are_those_with_an_error_or_else_those_named) {
  EXPECT_THAT(guilty_in("try:a:7:3: error: no\ntry:a:8:3: error: nor\n"
                        "try:b:1:1: note: x\n"),
              ElementsAre(Pair("a", "try:a:7:3: error: no")));
  EXPECT_THAT(guilty_in("try:b:1:1:   required from here\n"
                        "/usr/include/x:2:1: error: no\n"),
              ElementsAre(Pair("b", "")));
  EXPECT_THAT(guilty_in("x.cpp:1:1: error: no\n"), IsEmpty());
}

TEST(mutate_command, says_what_is_wrong_with_its_words) {
  const fixture_workspace workspace;
  for (const char* words :
       {"mutate --lab 77", "mutate --count 0", "mutate --count x",
        "mutate --seed -1", "mutate --lab 09 --patch x"}) {
    const command_result done = workspace.run(words);
    EXPECT_EQ(done.status, 2) << words;
    EXPECT_EQ(std::count(done.output.begin(), done.output.end(), '\n'),
              1)
        << done.output;
  }
}

}  // namespace
}  // namespace workbook
