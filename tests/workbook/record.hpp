// The record of a grading: what result.json says.
//
// Invariants:
//   (I1) Every test of the chapter is in the record, whether it
//        reported or not; max_score is therefore always the same.
//   (I2) score is the sum of the points of the non-bonus tests that
//        passed; bonus likewise of the others.
//
// Book: appendix "How your work is graded". Schema: result.schema.json.

#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/verdict.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// One test and what became of it.
struct graded {
  graded_test test;
  outcome result;

  [[nodiscard]] bool passed() const {
    return result.status == verdict::pass;
  }
  [[nodiscard]] int earned() const {
    return passed() ? test.points : 0;
  }
};

/// The points of one step.
struct step_score {
  int score = 0;
  int max_score = 0;
  bool older = false;  // some of its tests were not run since a change
  [[nodiscard]] bool full() const { return score == max_score; }
};

struct record {
  std::string lab;
  std::string title;
  std::string page;
  std::string variant;
  std::string base;                 // whose earlier labs it rests on
  std::string runtime = "explore";  // what explored tests ran on
  std::string partial;   // the one step graded last; "" for all
  std::string at_hand;   // the step that was run first; not recorded
  std::string finished;  // UTC, ISO 8601
  double duration = 0;   // seconds
  std::vector<graded> tests;

  [[nodiscard]] int score() const;
  [[nodiscard]] int max_score() const;
  [[nodiscard]] int bonus() const;
  [[nodiscard]] step_score of_step(const std::string& id) const;
};

/// Takes the verdicts away whose sources are not what they were: such
/// tests were "not run since your last change" and earn nothing.
void mark_older(record& of, const workspace& where,
                const chapter& declared);

/// A test that was not run since its sources changed, or never.
outcome not_run_since(bool ever, const std::string& promise);

/// The command that runs this test again as it ran.
std::string replay_command(const record& of, const graded& each);

/// Where the pictures of failing schedules are kept.
std::filesystem::path lanes_of(const workspace& where,
                               const std::string& lab,
                               const std::string& variant);

/// The place in the book: "ch_pooling.html#s_1_1".
std::string section_of(const chapter& of, const std::string& step);

nlohmann::json to_json(const record& of, const chapter& declared);

/// Reads the record of a variant as it was written; empty if it was
/// never graded. A file that is half written or of another form throws
/// problem.
std::optional<record> read_record(const workspace& where,
                                  const chapter& of,
                                  const std::string& variant);

/// The same, with the verdicts that are still true.
std::optional<record> current_record(const workspace& where,
                                     const chapter& of,
                                     const std::string& variant);

/// Writes result.json and says where.
std::filesystem::path write_record(const workspace& where,
                                   const record& of,
                                   const chapter& declared);

/// Now, in UTC: "2026-03-01T12:00:00Z".
std::string time_stamp();

}  // namespace workbook
