// A file that speaks of the grader is not graded, and is told where.

#include "workbook/fair_play.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_house.hpp"

namespace workbook {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(fair_play, a_file_that_minds_its_own_business_is_taken) {
  EXPECT_THAT(
      first_foul(
          "#pragma once\n#include <mutex>\n#include \"task.hpp\"\n"
          "#include \"grading/todo.hpp\"\n"
          "#define LIMIT 3  // EXPECT_EQ, explore::settle()\n"
          "/* extern \"C\" #pragma omp */ std::promise<int> p;\n"
          "auto text = \"explored // testing-ground\";\n",
          ""),
      IsEmpty());
}

struct foul_case {
  const char* text;
  const char* message;
};

class fouls : public testing::TestWithParam<foul_case> {};

TEST_P(fouls, are_named_with_their_line) {
  EXPECT_THAT(first_foul(std::string("int a;\n") + GetParam().text, ""),
              HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    each, fouls,
    testing::Values(
        foul_case{"#undef EXPLORED",
                  "2: `EXPLORED` belongs to the tests"},
        foul_case{"# define EXPECT_EQ(a, b)", "2: `EXPECT_EQ`"},
        foul_case{"#undef EXPL\\\nORED\n", "2: `EXPLORED`"},
        foul_case{"#undef GRA/*\n*/\n%:undef GRADED", "4: `GRADED`"},
        foul_case{"void explore::run() {}", "2: `explore`"},
        foul_case{"namespace testing::internal {", "2: `testing`"},
        foul_case{"setenv(\"WORKBOOK_SEED\", \"0\", 1);",
                  "2: `WORKBOOK_SEED`"},
        foul_case{"#ifndef __SANITIZE_THREAD__",
                  "2: `__SANITIZE_THREAD__` hides code from the tests"},
        foul_case{"__attribute__((no_sanitize(\"thread\")))",
                  "2: `no_sanitize`"},
        foul_case{"char c = '\"'; explore::settle();", "2: `explore`"},
        foul_case{"int n = 1'000; explore::settle();", "2: `explore`"},
        foul_case{"asm volatile(\"\");", "2: `asm`"},
        foul_case{"#pragma GCC optimize(\"O3\")", "2: a lab needs no"},
        foul_case{"extern \"C\" int write(int);",
                  "2: a lab defines no"},
        foul_case{"#include \"explore/schedule.hpp\"",
                  "2: a lab includes the labs' own files, not "
                  "\"explore/schedule.hpp\""}));

TEST(fair_play, what_the_reference_needs_is_allowed) {
  const char* const handler = "extern \"C\" void on_interrupt(int);\n";
  EXPECT_THAT(first_foul(handler, handler), IsEmpty());
  EXPECT_THAT(first_foul("namespace testing {", handler),
              HasSubstr("`testing`"));
}

TEST(fair_play, in_a_file_of_tests_their_words_are_hers) {
  EXPECT_THAT(first_foul("MY_TEST(a) { EXPECT_LT(1, 2); }",
                         "MY_TEST(b) { EXPECT_EQ(1, 1); }"),
              IsEmpty());
}

TEST(fair_play, a_lab_that_does_not_is_not_run) {
  const fixture_house house;
  house.solve("adder.hpp");
  house.solve("counter.hpp");
  write_text(house.lab("helper.hpp"), "#define GRADED(...)\n");
  const auto done = house.run("grade --lab 9");
  EXPECT_EQ(done.status, 0);
  EXPECT_THAT(
      done.output,
      HasSubstr("labs/09_fixture/helper.hpp:1: `GRADED` belongs "
                "to the tests"));
  const auto result = house.result("labs");
  EXPECT_EQ(result["score"], 0);
  EXPECT_THAT(
      result["tests"],
      Each(testing::ResultOf(
          [](const auto& each) { return each["status"]; }, "not_run")));
}

}  // namespace
}  // namespace workbook
