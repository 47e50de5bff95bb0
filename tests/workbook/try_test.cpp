// Wrong solutions are merged into one program, or have their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workbook/problem.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"
#include "workbook/try_merge.hpp"
#include "workbook/try_sources.hpp"

namespace workbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> bodies_in(const std::string& text) {
  std::vector<std::string> all;
  for (const auto& each : cut_at_bodies(text).bodies) {
    all.push_back(each.text);
  }
  return all;
}

TEST(try_merge, finds_the_bodies_of_functions) {
  EXPECT_THAT(
      bodies_in("namespace a { class b final : public c {\n"
                "  enum class e { x, y };\n"
                "  b() : m_{1}, n_(2) {1}\n"
                "  template <typename T> auto f(T t) -> T {2}\n"
                "  bool g() const noexcept {3{4}}\n"
                "  int m_{5}; std::array<int, 2> n_ = {6};\n"
                "}; /* void h() {7} */ const char* s = \"{\"; }\n"
                "#define X {8}\nint h(char c = '{') {9'0}\n"),
      ElementsAre("1", "2", "3{4}", "9'0"));
}

TEST(try_merge, what_was_cut_is_whole) {
  const std::string text =
      "int f() { return 1; }\nint g() { return 2; }";
  const cut_source cut = cut_at_bodies(text);
  EXPECT_EQ(cut.outer[0] + cut.bodies[0].text + cut.outer[1] +
                cut.bodies[1].text + cut.outer[2],
            text);
}

TEST(try_merge, comments_and_blanks_are_no_difference) {
  const auto ours = cut_at_bodies("int f(); // a\nint g() { }");
  EXPECT_TRUE(differ_in_bodies_only(
      ours, cut_at_bodies("int  f();\nint g() { abort(); }")));
  EXPECT_FALSE(differ_in_bodies_only(
      ours, cut_at_bodies("long f();\nint g() { }")));
}

TEST(try_merge, a_body_that_decides_a_type_is_a_difference) {
  const auto differ = [](const std::string& head) {
    return differ_in_bodies_only(
        cut_at_bodies("int g();\n" + head + " { return 1; }"),
        cut_at_bodies("int g();\n" + head + " { return 2; }"));
  };
  EXPECT_FALSE(differ("template <typename T> auto f(T t)"));
  EXPECT_FALSE(differ("static auto f()"));
  EXPECT_TRUE(differ("auto f() -> int"));
  EXPECT_TRUE(differ("int f(auto t)"));
}

TEST(try_merge, a_changed_body_chooses_at_run_time) {
  const std::string text = merged(
      "int f() {\n  return 1;\n}\nint g() { return 2; }\n", "ours.hpp",
      {{7, "off_by_one",
        "int f() {\n  return 0;\n}\n"
        "int g() { return 2; }\n"}});
  EXPECT_THAT(text,
              HasSubstr("if (workbook_try::which == 7) {\n#line 1 "
                        "\"try:off_by_one\"\n\n  return 0;"));
  EXPECT_THAT(text, HasSubstr("int g() { return 2; }"));
}

/// A lab of one file, and what is tried.
class try_sources : public testing::Test {
 protected:
  try_sources() {
    of_.lab = "01_pooling";
    of_.files = {"pool.hpp"};
    write_text(
        where_.root / "solutions" / of_.lab / "pool.hpp",
        "int f() {\n  // [1.2 f]\n  return 1;\n  // [1.2 f]\n}\n");
  }

  std::string complaint(const std::filesystem::path& from) {
    try {
      wrong_solutions(where_, of_, from);
    } catch (const problem& trouble) {
      return trouble.what();
    }
    return "";
  }

  const scratch folder_;
  const workspace where_{folder_.path(), {}};
  chapter of_;
};

constexpr const char* patch =
    "Fault: x\n\n--- a/solutions/01_pooling/pool.hpp\n"
    "+++ b/solutions/01_pooling/pool.hpp\n@@ -2,3 +2,3 @@\n"
    "   // [1.2 f]\n-  return 1;\n+  return 2;\n   // [1.2 f]\n";

TEST_F(try_sources, takes_patches_and_folders_of_files) {
  write_text(where_.root / "in" / "a.patch", patch);
  write_text(where_.root / "in" / "b" / "pool.hpp", "int f();\n");
  const auto all = wrong_solutions(where_, of_, where_.root / "in");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_THAT(all[0].files.at("pool.hpp"), HasSubstr("return 2;"));
  EXPECT_THAT(all[0].likely, ElementsAre("1.2"));
  EXPECT_TRUE(all[0].mergeable);
  EXPECT_EQ(all[1].name, "b");
  EXPECT_FALSE(all[1].mergeable);
}

TEST_F(try_sources, what_cannot_be_tried_is_named) {
  const auto in = where_.root / "in";
  EXPECT_THAT(complaint(in), HasSubstr("in: is not there"));
  write_text(in / "notes.txt", "none");
  EXPECT_THAT(complaint(in), HasSubstr("in: holds no patch"));
  write_text(in / "a.patch", "none");
  EXPECT_THAT(complaint(in), HasSubstr("in/a.patch: is no patch"));
  std::string wrong = patch;
  wrong.replace(wrong.find("-  return 1"), 11, "-  return 9");
  write_text(in / "a.patch", wrong);
  EXPECT_THAT(complaint(in / "a.patch"),
              HasSubstr("in/a.patch: does not apply"));
  write_text(in / "a.patch", "--- a/x.hpp\n+++ b/x.hpp\n");
  EXPECT_THAT(complaint(in), HasSubstr("which is no file of 01_pool"));
}

}  // namespace
}  // namespace workbook
