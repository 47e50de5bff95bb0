// Verdicts that were not earned: each is refused with one clear line,
// or scores what it earned.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture_workspace.hpp"
#include "workbook/run_test.hpp"
#include "workbook/submission_lint.hpp"

namespace workbook {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// ---- Refused before anything is built -----------------------------

struct forgery {
  const char* name;
  const char* text;
  const char* message;
};

class refused_forgeries : public testing::TestWithParam<forgery> {};

TEST_P(refused_forgeries, are_refused_with_one_line) {
  const std::string violation = first_violation(GetParam().text, "");
  EXPECT_THAT(violation, HasSubstr(GetParam().message));
  EXPECT_EQ(violation.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    each, refused_forgeries,
    testing::Values(
        forgery{"constructor",
                "namespace a { __attribute__((constructor(101))) void "
                "f(); }",
                "`__attribute__` changes how"},
        forgery{"preinit",
                "namespace a { [[gnu::section(\".preinit_array\")]] "
                "void (*f)(); }",
                "`gnu::section` is not for a lab"},
        forgery{"ifunc",
                "namespace a { [[using gnu: ifunc(\"g\")]] int f(); }",
                "`gnu::` is not for a lab"},
        forgery{"mangled",
                "extern \"C\" void _ZN7grading8contractEPKc();",
                "a lab defines no C function"},
        forgery{"labelled", "namespace a { void f() asm(\"main\"); }",
                "`asm`"},
        forgery{"incbin", "asm(\".incbin \\\"/etc/passwd\\\"\");",
                "`asm`"},
        forgery{"looked_up",
                "namespace a { void* f = dlsym(nullptr, \"x\"); }",
                "`dlsym` changes how"},
        forgery{"macro_of_tests", "#define EXPECT_EQ(a, b)",
                "`EXPECT_EQ` belongs to the tests"},
        forgery{"absolute_include", "#include \"/abs/path\"",
                "not \"/abs/path\""},
        forgery{"include_upwards", "#include <../../evil.hpp>",
                "not <../../evil.hpp>"},
        forgery{"include_of_a_macro", "#include FILE",
                "says by name which file"},
        forgery{"hook_of_the_explorer",
                "namespace a { void __tsan_read1(void*); }",
                "`__tsan_read1` belongs to the tests"},
        forgery{"other_line", "#line 1 \"/usr/include/stdio.h\"",
                "does not number its lines"},
        forgery{"line_of_the_preprocessor",
                "  %: /* */ 1 \"/usr/include/stdio.h\" 1 3",
                "does not number its lines"},
        forgery{"behind_a_raw_string",
                "namespace a { auto s = R\"x(\" )x\"; using namespace "
                "grading; }",
                "`grading` belongs"},
        forgery{
            "behind_a_wide_quote",
            "namespace a { auto c = L'\"'; using namespace grading; "
            "}",
            "`grading` belongs"},
        forgery{"name_with_an_escape",
                "namespace a { using namespace gr\\u0061ding; }",
                "is a name in disguise"},
        forgery{"namespace_std", "namespace std { void terminate(); }",
                "adds nothing to namespace std"}),
    [](const auto& each) { return each.param.name; });

// ---- Refused by what the preprocessor makes of them ----------------

class preprocessed_forgeries : public testing::TestWithParam<forgery> {
};

TEST_P(preprocessed_forgeries, earn_nothing) {
  const fixture_workspace workspace;
  write_text(workspace.lab("adder.hpp"), GetParam().text);
  workspace.solve("counter.hpp");
  const auto done = workspace.run("grade --lab 9");
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr(GetParam().message));
  EXPECT_EQ(workspace.result("labs")["score"], 0);
}

INSTANTIATE_TEST_SUITE_P(
    each, preprocessed_forgeries,
    testing::Values(
        forgery{"pasted",
                "#pragma once\n#define PASTE(a, b) a##b\n"
                "inline int add(int a, int b) { return a + b; }\n"
                "namespace PASTE(gra, ding) { inline bool forged; }\n",
                "adder.hpp:4: `grading` belongs to the tests"},
        forgery{"pasted_asm",
                "#pragma once\n#define PASTE(a, b) a##b\n"
                "inline int add(int a, int b) {\n"
                "  PASTE(as, m)(\"nop\");\n  return a + b;\n}\n",
                "adder.hpp:4: `asm` hides code"},
        forgery{"include_of_a_test",
                "#pragma once\n#include \"harness.hpp\"\n"
                "inline int add(int a, int b) { return a + b; }\n",
                "a lab includes the labs' own files, not"}),
    [](const auto& each) { return each.param.name; });

// ---- What runs: it scores what it earned ---------------------------

outcome run_forged(const std::string& name, int schedules = -1) {
  test_request request;
  request.program = WORKBOOK_FORGERIES;
  request.name = "forged." + name;
  request.limits.cpu_seconds = 5;
  request.limits.still_seconds = 2;
  request.limits.wall_seconds = 60;
  request.schedules = schedules;
  return run_test(request);
}

class running_forgeries : public testing::TestWithParam<const char*> {};

TEST_P(running_forgeries, are_no_pass) {
  const outcome result = run_forged(GetParam());
  EXPECT_NE(result.status, verdict::pass);
  EXPECT_NE(result.status, verdict::infrastructure);
  EXPECT_FALSE(result.message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    each, running_forgeries,
    testing::Values("before_main", "by_all_descriptors",
                    "by_the_environment", "by_a_child", "by_quick_exit",
                    "by_a_raw_system_call", "by_a_jump_out_of_the_test",
                    "by_a_handler_at_the_end",
                    "by_the_end_of_its_thread", "by_the_program_anew",
                    "by_the_end_of_a_schedule"),
    [](const auto& each) { return std::string(each.param); });

TEST(forgeries, an_honest_test_passes) {
  const outcome result = run_forged("not_at_all");
  EXPECT_EQ(result.status, verdict::pass) << result.message;
}

TEST(forgeries, a_pass_has_tried_what_its_test_declares) {
  const outcome all = run_forged("by_one_schedule_only", 20);
  EXPECT_EQ(all.status, verdict::pass) << all.message;
  const outcome few = run_forged("by_one_schedule_only", 300);
  EXPECT_EQ(few.status, verdict::fail);
  EXPECT_EQ(few.message,
            "passed after 20 of the 300 schedules that "
            "the test declares");
  const outcome none = run_forged("not_at_all", 1);
  EXPECT_EQ(none.status, verdict::fail) << "it names no exploration";
}

// ---- Assembly -------------------------------------------------------

TEST(forgeries, assembly_is_for_the_files_that_a_chapter_names) {
  const char* const code = "namespace a { void f() { asm(\"nop\"); } }";
  EXPECT_THAT(first_violation(code, "", true), IsEmpty());
  EXPECT_THAT(first_violation(code, code), HasSubstr("`asm`"))
      << "that the reference has it allows nothing";
}

}  // namespace
}  // namespace workbook
