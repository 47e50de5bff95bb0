// Submissions of every kind, graded in a workspace with a small chapter.

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "workbook/classroom/hostile_cases.hpp"
#include "workbook/command.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"

namespace workbook {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const char* const right_adder =
    "#pragma once\ninline int add(int a, int b) { return a + b; }\n";
const char* const right_counter =
    "#pragma once\nclass counter {\n public:\n"
    "  int next() { return ++last_; }\n private:\n"
    "  int last_ = 0;\n};\n";

/// The workspace, made once; every test hands something in.
class classroom : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    place() = std::make_unique<scratch>();
    fs::copy(WORKBOOK_CLASSROOM_FIXTURE, root(),
             fs::copy_options::recursive);
    const command_result made = run_command(
        {WORKBOOK_PROGRAM, "labs", "--root", root().string(), "--build",
         (root() / "build").string()},
        root());
    ASSERT_EQ(made.status, 0) << made.output;
  }
  static void TearDownTestSuite() { place().reset(); }

  static std::unique_ptr<scratch>& place() {
    static std::unique_ptr<scratch> only;
    return only;
  }
  static fs::path root() { return place()->path() / "workspace"; }

  [[nodiscard]] fs::path out() const { return own_.path() / "out"; }
  [[nodiscard]] fs::path hand_in(const std::string& file) const {
    return own_.path() / "handed in" / file;
  }

  /// A folder with both files.
  void hand_in_both(const std::string& adder,
                    const std::string& counter) const {
    write_text(hand_in("09_fixture/adder.hpp"), adder);
    write_text(hand_in("09_fixture/counter.hpp"), counter);
  }

  /// Grades what was handed in; its record.
  json grade(const fs::path& submission,
             const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {WORKBOOK_PROGRAM,
                                        "grade-submission",
                                        submission.string(),
                                        out().string(),
                                        "--labs",
                                        "9",
                                        "--root",
                                        root().string(),
                                        "--build",
                                        (root() / "build").string(),
                                        "--compiler-seconds",
                                        "4",
                                        "--native-seconds",
                                        "2"};
    command.insert(command.end(), more.begin(), more.end());
    said_ = run_command(command, root());
    const fs::path file = out() / "result.json";
    return fs::exists(file) ? json::parse(read_text(file)) : json();
  }

  json grade_folder(const std::vector<std::string>& more = {}) {
    return grade(own_.path() / "handed in", more);
  }

  static json test_of(const json& record, std::size_t place) {
    return record.at("labs").at(0).at("tests").at(place);
  }

  scratch own_;
  command_result said_;
};

/// A file of an archive.
struct packed {
  std::string path;
  std::string bytes;
  std::string link = "";
};

void pack(const fs::path& file, const std::vector<packed>& entries,
          bool zip) {
  fs::create_directories(file.parent_path());
  archive* const to = ::archive_write_new();
  if (zip) {
    ::archive_write_set_format_zip(to);
  } else {
    ::archive_write_set_format_pax_restricted(to);
    ::archive_write_add_filter_gzip(to);
  }
  ASSERT_EQ(::archive_write_open_filename(to, file.c_str()),
            ARCHIVE_OK);
  for (const packed& each : entries) {
    archive_entry* const entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, each.path.c_str());
    ::archive_entry_set_perm(entry, 0644);
    if (each.link.empty()) {
      ::archive_entry_set_filetype(entry, AE_IFREG);
      ::archive_entry_set_size(
          entry, static_cast<la_int64_t>(each.bytes.size()));
    } else {
      ::archive_entry_set_filetype(entry, AE_IFLNK);
      ::archive_entry_set_symlink(entry, each.link.c_str());
    }
    ::archive_write_header(to, entry);
    ::archive_write_data(to, each.bytes.data(), each.bytes.size());
    ::archive_entry_free(entry);
  }
  ::archive_write_close(to);
  ::archive_write_free(to);
}

std::string why_of(const json& record, const std::string& file) {
  for (const json& each : record.at("files")) {
    if (each.at("file") == file) {
      return each.at("why");
    }
  }
  return "(not listed)";
}

// ---- What is handed in --------------------------------------------------

TEST_F(classroom, a_right_submission_has_full_marks) {
  hand_in_both(right_adder, right_counter);
  const json record = grade_folder();
  ASSERT_EQ(said_.status, 0) << said_.output;
  EXPECT_EQ(record.at("status"), "graded");
  EXPECT_EQ(record.at("score"), 100);
  EXPECT_EQ(record.at("max_score"), 100);
  EXPECT_TRUE(record.at("forged").empty());
}

TEST_F(classroom, an_untouched_lab_scores_nothing_and_says_why) {
  fs::create_directories(own_.path() / "handed in");
  fs::copy(root() / "labs" / "09_fixture", hand_in("09_fixture"));
  const json record = grade_folder();
  EXPECT_EQ(record.at("score"), 0);
  EXPECT_EQ(test_of(record, 0).at("status"), "not_written");
}

TEST_F(classroom, a_file_that_is_missing_is_as_it_was_given_out) {
  write_text(hand_in("09_fixture/adder.hpp"), right_adder);
  const json record = grade_folder();
  EXPECT_EQ(record.at("score"), 60);
  EXPECT_EQ(test_of(record, 1).at("status"), "not_written");
}

TEST_F(classroom, grading_twice_gives_the_same) {
  hand_in_both(right_adder, "#error not yet\n");
  json once = grade_folder();
  json again = grade_folder();
  for (json* each : {&once, &again}) {
    for (const char* moving :
         {"finished", "duration", "cpu_seconds", "peak_kibibytes"}) {
      each->erase(moving);
    }
    each->at("labs").at(0).erase("finished");
    each->at("labs").at(0).erase("duration");
    for (json& test : each->at("labs").at(0).at("tests")) {
      test.erase("duration");
    }
  }
  EXPECT_EQ(once, again);
  EXPECT_EQ(once.at("score"), 60);
}

TEST_F(classroom, one_file_that_does_not_compile_costs_its_tests_only) {
  hand_in_both("int add(int a) { return a + ; }\n", right_counter);
  const json record = grade_folder();
  EXPECT_EQ(record.at("score"), 40);
  EXPECT_THAT(test_of(record, 0).at("message").get<std::string>(),
              HasSubstr("labs/09_fixture/adder.hpp:1: "));
}

TEST_F(classroom, nothing_of_the_lab_is_not_gradable_and_no_zero) {
  write_text(hand_in("essay.txt"), "words");
  const json record = grade_folder();
  EXPECT_EQ(said_.status, 0) << said_.output;
  EXPECT_EQ(record.at("status"), "not_gradable");
  EXPECT_TRUE(record.at("score").is_null());
  EXPECT_EQ(why_of(record, "essay.txt"), "no lab asks for it");
}

TEST_F(classroom, a_submission_that_is_not_there_is_one_line) {
  grade("/nowhere/at/all");
  EXPECT_EQ(said_.status, 2);
  EXPECT_EQ(said_.output, "workbook: /nowhere/at/all: is not there\n");
}

TEST_F(classroom, what_the_machine_lacks_is_no_mark) {
  hand_in_both(right_adder, right_counter);
  fs::rename(root() / "CMakeLists.txt", root() / "gone");
  fs::rename(root() / "build", root() / "build.gone");
  const json record = grade_folder();
  fs::rename(root() / "gone", root() / "CMakeLists.txt");
  fs::remove_all(root() / "build");
  fs::rename(root() / "build.gone", root() / "build");
  EXPECT_EQ(said_.status, 2) << said_.output;
  EXPECT_EQ(record.at("status"), "infra_error");
  EXPECT_TRUE(record.at("score").is_null());
}

TEST_F(classroom, hidden_tests_are_apart_from_the_lab) {
  hand_in_both(right_adder, right_counter);
  const json record =
      grade_folder({"--hidden", (root() / "hidden").string()});
  EXPECT_EQ(record.at("score"), 110);
  EXPECT_EQ(record.at("max_score"), 110);
  EXPECT_EQ(record.at("labs").at(0).at("score"), 100);
  EXPECT_EQ(record.at("hidden").at(0).at("status"), "pass");
}

TEST_F(classroom, steps_beyond_the_assignment_are_not_asked) {
  hand_in_both(right_adder, right_counter);
  const json record = grade_folder({"--up-to", "9.1"});
  EXPECT_EQ(record.at("score"), 60);
  EXPECT_EQ(test_of(record, 1).at("message"),
            "is not part of this assignment");
}

// ---- Isolation ----------------------------------------------------------

TEST_F(classroom, reduced_isolation_is_said_in_the_record) {
  hand_in_both(right_adder, right_counter);
  const json record = grade_folder({"--isolation", "reduced"});
  EXPECT_EQ(record.at("isolation"), "reduced");
  EXPECT_THAT(record.at("isolation_lacks").get<std::string>(),
              HasSubstr("reduced isolation was asked for"));
  EXPECT_EQ(record.at("score"), 100);
}

// ---- Archives -----------------------------------------------------------

TEST_F(classroom, a_tar_and_a_zip_are_read) {
  for (const bool zip : {false, true}) {
    const fs::path file = own_.path() / (zip ? "hand.zip" : "hand.tgz");
    pack(file,
         {{"team/labs/09_fixture/adder.hpp", right_adder},
          {"team/labs/09_fixture/counter.hpp", right_counter}},
         zip);
    EXPECT_EQ(grade(file).at("score"), 100) << file;
  }
}

TEST_F(classroom, files_alone_do_where_one_lab_is_asked_for) {
  const fs::path file = own_.path() / "alone.zip";
  pack(file, {{"adder.hpp", right_adder}}, true);
  EXPECT_EQ(grade(file).at("score"), 60);
}

TEST_F(classroom, links_and_paths_upwards_are_not_taken) {
  const fs::path file = own_.path() / "hostile.tgz";
  pack(file,
       {{"../../labs/09_fixture/counter.hpp", right_counter},
        {"/labs/09_fixture/counter.hpp", right_counter},
        {"labs/09_fixture/adder.hpp", right_adder},
        {"x/labs/09_fixture/adder.hpp", "#error the second\n"},
        {"y/labs/09_fixture/counter.hpp", "", "/etc/passwd"}},
       false);
  const json record = grade(file);
  EXPECT_EQ(record.at("score"), 60);
  EXPECT_EQ(why_of(record, "../../labs/09_fixture/counter.hpp"),
            "its path has a `..`");
  EXPECT_EQ(why_of(record, "/labs/09_fixture/counter.hpp"),
            "its path begins at the root");
  EXPECT_EQ(why_of(record, "x/labs/09_fixture/adder.hpp"),
            "it was handed in twice; the first one counts");
  EXPECT_EQ(why_of(record, "y/labs/09_fixture/counter.hpp"),
            "it is a link, not a file");
}

TEST_F(classroom, links_and_pipes_in_a_folder_are_not_taken) {
  hand_in_both(right_adder, right_counter);
  fs::remove(hand_in("09_fixture/adder.hpp"));
  fs::create_symlink(root() / "solutions/09_fixture/adder.hpp",
                     hand_in("09_fixture/adder.hpp"));
  ::mkfifo(hand_in("09_fixture/pipe").c_str(), 0644);
  const json record = grade_folder();
  EXPECT_EQ(record.at("score"), 40);
  EXPECT_EQ(why_of(record, "09_fixture/adder.hpp"),
            "it is a link, not a file");
  EXPECT_EQ(why_of(record, "09_fixture/pipe"), "it is no regular file");
}

TEST_F(classroom, a_zip_bomb_is_not_unpacked) {
  const fs::path file = own_.path() / "bomb.zip";
  const std::string zeros(80UL << 20U, ' ');
  pack(file, {{"09_fixture/adder.hpp", zeros}}, true);
  const json record = grade(file);
  EXPECT_EQ(record.at("status"), "not_gradable");
  EXPECT_EQ(why_of(record, "09_fixture/adder.hpp"),
            "it is larger than 1 MiB");
}

TEST_F(classroom, a_thousand_files_too_many_are_not_counted) {
  const fs::path file = own_.path() / "many.tgz";
  std::vector<packed> many(2500, {"09_fixture/adder.hpp", "x"});
  pack(file, many, false);
  const json record = grade(file);
  EXPECT_EQ(record.at("status"), "not_gradable");
  EXPECT_EQ(record.at("message"),
            "it has more than 2000 files and folders");
}

TEST_F(classroom, a_damaged_archive_is_not_gradable) {
  const fs::path file = own_.path() / "broken.zip";
  write_text(file, "PK\003\004 and then nothing that is a zip");
  EXPECT_EQ(grade(file).at("status"), "not_gradable");
  EXPECT_EQ(said_.status, 0);
}

TEST_F(classroom, build_files_of_a_submission_are_not_taken) {
  hand_in_both(right_adder, right_counter);
  write_text(hand_in("CMakeLists.txt"), "message(FATAL_ERROR no)\n");
  write_text(hand_in("Makefile"), "all:\n\trm -rf /\n");
  write_text(hand_in("09_fixture/CMakeLists.txt"), "no\n");
  const json record = grade_folder();
  EXPECT_EQ(record.at("score"), 100);
  EXPECT_EQ(why_of(record, "CMakeLists.txt"), "no lab asks for it");
  EXPECT_EQ(why_of(record, "Makefile"), "no lab asks for it");
}

TEST_F(classroom, any_name_is_shown_harmless) {
  hand_in_both(right_adder, right_counter);
  const std::vector<std::string> names = {
      "a name with 'quotes' and \"more\"",
      "two\nlines",
      "\033[2J\033]0;owned\007",
      "<script>alert(1)</script>",
      "caf\xe9 \xff",
      "$(touch x); `y` && z"};
  for (const std::string& name : names) {
    write_text(hand_in(name), "x");
  }
  const fs::path folder = own_.path() / "Ann O'Neil \"x\"\n<b>\033[1m";
  fs::rename(own_.path() / "handed in", folder);
  const json record = grade(folder);
  EXPECT_EQ(record.at("score"), 100) << said_.output;
  const std::string text = read_text(out() / "result.json");
  EXPECT_THAT(text, Not(HasSubstr("\\u001b")));
  EXPECT_THAT(said_.output, Not(HasSubstr("\033")));
  EXPECT_EQ(record.at("files").size(), names.size() + 2);
}

TEST_F(classroom, what_is_no_text_is_not_taken) {
  hand_in_both(std::string("\0\0\0", 3), right_counter);
  const json record = grade_folder();
  EXPECT_EQ(record.at("score"), 40);
  EXPECT_THAT(why_of(record, "09_fixture/adder.hpp"),
              HasSubstr("zero byte"));
}

TEST_F(classroom, source_that_is_not_utf_8_is_graded) {
  hand_in_both(std::string("// caf\xe9 \xff\n") + right_adder,
               right_counter);
  EXPECT_EQ(grade_folder().at("score"), 100);
}

// ---- Hostile code -------------------------------------------------------

class hostile : public classroom,
                public testing::WithParamInterface<hostile_case> {
 protected:
  void attack(const std::vector<std::string>& more = {}) {
    std::string code = GetParam().code;
    for (const auto& [word, path] :
         {std::pair<std::string, fs::path>{"%ROOT%", root()},
          {"%OUT%", out()}}) {
      for (std::size_t at = code.find(word); at != std::string::npos;
           at = code.find(word)) {
        code.replace(at, word.size(), path.string());
      }
    }
    ::setenv("SECRET_OF_THE_TEACHER", "17", 1);
    hand_in_both(code, right_counter);
    record_ = grade_folder(more);
  }
  json record_;
};

TEST_P(hostile, is_contained) {
  attack({"--isolation", "full"});
  ASSERT_EQ(said_.status, 0) << said_.output;
  const json own = test_of(record_, 0);
  EXPECT_EQ(own.at("status"), GetParam().status) << own.dump(2);
  EXPECT_THAT(own.at("message").get<std::string>(),
              HasSubstr(GetParam().message));
  EXPECT_THAT(own.at("message").get<std::string>(),
              Not(HasSubstr("\033")));
  const json other = test_of(record_, 1);
  const bool voided = !record_.at("forged").empty() ||
                      own.at("message") == other.at("message");
  EXPECT_TRUE(voided || other.at("status") == "pass") << other.dump(2);
  EXPECT_TRUE(voided || record_.at("score").get<int>() >= 40);
}

std::string test_name(
    const testing::TestParamInfo<hostile_case>& info) {
  return std::regex_replace(info.param.name,
                            std::regex("[^a-zA-Z0-9]+"), "_");
}

INSTANTIATE_TEST_SUITE_P(submission, hostile,
                         testing::ValuesIn(hostile_cases()), test_name);

}  // namespace
}  // namespace workbook
