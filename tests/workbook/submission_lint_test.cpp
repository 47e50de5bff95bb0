// A file that speaks of the grader is not graded, and is told where.

#include "workbook/submission_lint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_workspace.hpp"

namespace workbook {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(submission_lint, a_file_that_minds_its_own_business_is_taken) {
  EXPECT_THAT(
      first_violation(
          "#pragma once\n#include <mutex>\n#include \"task.hpp\"\n"
          "#include \"grading/todo.hpp\"\n"
          "#define LIMIT 3  // EXPECT_EQ, explore::settle()\n"
          "namespace a {\n"
          "/* extern \"C\" #pragma omp */ std::promise<int> p;\n"
          "auto text = \"explored // testing-ground\";\n"
          "#define JOIN(a, b) a##b\n}\n",
          ""),
      IsEmpty());
}

struct violation_case {
  const char* text;
  const char* message;
};

class violations : public testing::TestWithParam<violation_case> {};

TEST_P(violations, are_named_with_their_line) {
  EXPECT_THAT(first_violation(
                  std::string("namespace a {\n") + GetParam().text, ""),
              HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    each, violations,
    testing::Values(
        violation_case{"#undef EXPLORED",
                       "2: `EXPLORED` belongs to the tests"},
        violation_case{"# define EXPECT_EQ(a, b)", "2: `EXPECT_EQ`"},
        violation_case{"#undef EXPL\\\nORED\n", "2: `EXPLORED`"},
        violation_case{"#undef GRA/*\n*/\n%:undef GRADED",
                       "4: `GRADED`"},
        violation_case{"void explore::run() {}", "2: `explore`"},
        violation_case{"namespace testing::internal {", "2: `testing`"},
        violation_case{"setenv(\"WORKBOOK_SEED\", \"0\", 1);",
                       "2: `WORKBOOK_SEED`"},
        violation_case{
            "#ifndef __SANITIZE_THREAD__",
            "2: `__SANITIZE_THREAD__` hides code from the tests"},
        violation_case{"__attribute__((no_sanitize(\"thread\")))",
                       "2: `__attribute__`"},
        violation_case{"[[gnu::no_sanitize_thread]] void f();",
                       "2: the attribute `gnu::no_sanitize_thread`"},
        violation_case{"auto no_sanitize = 1;", "2: `no_sanitize`"},
        violation_case{"char c = '\"'; explore::settle();",
                       "2: `explore`"},
        violation_case{"int n = 1'000; explore::settle();",
                       "2: `explore`"},
        violation_case{"asm volatile(\"\");", "2: `asm`"},
        violation_case{"#pragma GCC optimize(\"O3\")",
                       "2: a lab needs no"},
        violation_case{"extern \"C\" int write(int);",
                       "2: a lab defines no"},
        violation_case{"#include \"explore/schedule.hpp\"",
                       "2: a lab includes the labs' own files, not "
                       "\"explore/schedule.hpp\""}));

TEST(submission_lint, what_the_reference_needs_is_allowed) {
  const char* const handler = "extern \"C\" void on_interrupt(int);\n";
  EXPECT_THAT(first_violation(handler, handler), IsEmpty());
  EXPECT_THAT(first_violation("extern \"C\" int write(int);", handler),
              HasSubstr("no C function: `write`"));
  EXPECT_THAT(first_violation("extern \"C\" { void on_interrupt(int); "
                              "int x; int puts(const char* text); }",
                              handler),
              HasSubstr("no C function: `x`"));
  EXPECT_THAT(first_violation("namespace testing {", handler),
              HasSubstr("`testing`"));
}

TEST(submission_lint, in_a_file_of_tests_their_words_are_hers) {
  EXPECT_THAT(first_violation("MY_TEST(a) { EXPECT_LT(1, 2); }",
                              "MY_TEST(b) { EXPECT_EQ(1, 1); }"),
              IsEmpty());
}

TEST(submission_lint, a_lab_that_does_not_is_not_run) {
  const fixture_workspace workspace;
  workspace.solve("adder.hpp");
  workspace.solve("counter.hpp");
  write_text(workspace.lab("helper.hpp"), "#define GRADED(...)\n");
  const auto done = workspace.run("grade --lab 9");
  EXPECT_EQ(done.status, 0);
  EXPECT_THAT(
      done.output,
      HasSubstr("labs/09_fixture/helper.hpp:1: `GRADED` belongs "
                "to the tests"));
  const auto result = workspace.result("labs");
  EXPECT_EQ(result["score"], 0);
  EXPECT_THAT(
      result["tests"],
      Each(testing::ResultOf(
          [](const auto& each) { return each["status"]; }, "not_run")));
}

}  // namespace
}  // namespace workbook
