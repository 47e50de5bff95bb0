// All that is derived from a record is read by a real parser, whatever
// bytes a test has printed.

#include "workbook/exporters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workbook/command.hpp"
#include "workbook/record.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"
#include "workbook/utf8.hpp"

namespace workbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(utf8, what_is_no_character_is_replaced) {
  const std::string mark(replacement);
  EXPECT_EQ(valid_utf8("caf\xC3\xA9 \xF0\x9F\x98\x80"),
            "caf\xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(valid_utf8("a\xE9z"), "a" + mark + "z");
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), mark + mark + mark)
      << "half a surrogate pair is no character";
  EXPECT_EQ(valid_utf8("\xC0\xAF\xE2\x82"), mark + mark + mark + mark)
      << "nor is an overlong form, or one that is cut off";
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80").size(), 4 * mark.size());
}

/// Bytes that some format cannot hold.
const std::vector<std::string>& hostile() {
  static const std::vector<std::string> all = {
      std::string("nul \0 and bell \a and escape \x1b[31m", 33),
      "]]> <!-- & \"quoted\" 'single' </failure><testcase/>",
      "stray \xE9, cut \xE2\x82, half \xED\xA0\x80 \xED\xBF\xBF",
      "not a character: \xEF\xBF\xBE \xEF\xBF\xBF, a C1 control "
      "\xC2\x85",
      "::error::x\r\n%0A,::end:: \xF4\x90\x80\x80 \xFF\xFE",
      "{\"score\": 100} \\ \x7f \xE2\x80\xA8 line:\ttab"};
  return all;
}

record record_of_hostile_tests() {
  record made;
  made.lab = "01_pooling";
  made.title = "Pool & <ing> \xE9";
  made.page = "ch_pooling";
  made.variant = "labs";
  made.base = "labs";
  made.finished = time_stamp();
  int number = 0;
  for (const std::string& each : hostile()) {
    graded test;
    test.test.suite = "suite";
    test.test.name = "test_" + std::to_string(++number);
    test.test.id = "01." + test.test.name;
    test.test.step = "1.1";
    test.test.kind = "explored";
    test.test.file = "step_1.cpp";
    test.test.line = 1;
    test.test.points = 10;
    test.result.status =
        number % 2 == 0 ? verdict::fail : verdict::crash;
    test.result.message = each + "\nand " + each;
    test.result.promise = each;
    made.tests.push_back(std::move(test));
  }
  made.tests.back().test.points += 100 - made.max_score();
  return made;
}

TEST(derived_formats, are_well_formed_whatever_a_test_prints) {
  const scratch folder;
  const record made = record_of_hostile_tests();
  chapter declared;
  declared.lab = made.lab;
  declared.steps.push_back(
      {"1.1", "a title", 10, "s", {}, "", "", false});
  write_text(folder.path() / "junit.xml", junit_xml(made));
  write_text(folder.path() / "gradescope.json", gradescope_json(made));
  write_text(folder.path() / "autolab.txt", autolab_line(made));
  write_text(folder.path() / "github.txt", github_annotations(made));
  const workspace where{folder.path(), {}};
  std::filesystem::copy_file(write_record(where, made, declared),
                             folder.path() / "result.json");
  const auto done =
      run_command({"python3", WORKBOOK_DERIVED_FORMATS,
                   folder.path().string(), WORKBOOK_SCHEMA},
                  folder.path());
  EXPECT_EQ(done.status, 0) << done.output;
}

TEST(derived_formats, xml_says_what_it_can) {
  const std::string text = junit_xml(record_of_hostile_tests());
  EXPECT_THAT(text, HasSubstr("]]&gt; &lt;!-- &amp; &quot;quoted"));
  EXPECT_THAT(text, HasSubstr("stray " + std::string(replacement)));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace workbook
