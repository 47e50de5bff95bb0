// Grades one submission, whatever is in it.
//
// Invariants:
//   (I1) No code of the submission runs, and no compiler reads it,
//        outside a sandbox.
//   (I2) The record is written once, whole, by a rename.
//   (I3) What the machine or the workbook is to blame for is
//        `infra_error`: no score at all, neither zero nor full marks.
//   (I4) A test passes only if the same test, with a failure planted at
//        its end, fails.
//
// Book: "The instructor's guide".

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "workbook/classroom/sandbox.hpp"
#include "workbook/record.hpp"

namespace workbook {

struct submission_request {
  std::filesystem::path submission;  // a folder, a tar or a zip
  std::filesystem::path out;         // a folder; gets result.json
  std::vector<std::string> labs;     // numbers or names
  std::string step;                  // graded up to this one; "" all
  std::string base = "solutions";    // or "labs": those handed in
  std::string term;                  // chooses the schedules
  std::filesystem::path hidden;      // folder of hidden tests, or ""
  isolation wanted = isolation::best;
  unsigned compiler_seconds = 60;  // of processor time, a test file
  unsigned native_seconds = 10;    // … a native test
  unsigned explored_seconds = 90;  // … an explored test
};

/// One file of the submission.
struct submitted_file {
  std::string file;
  bool taken = false;
  std::string why;
};

struct submission_record {
  enum class state { graded, not_gradable, infra_error };
  state status = state::infra_error;
  std::string message;  // why it was not graded
  std::string name;     // the submission's, as text
  bool full_isolation = true;
  std::string lacks;  // what reduced isolation lacks
  std::string base;
  std::string term;
  std::vector<submitted_file> files;
  std::vector<record> labs;
  std::vector<graded> hidden;       // tests that students do not see
  std::vector<std::string> forged;  // tests that passed a canary
  double cpu_seconds = 0;
  long peak_kibibytes = 0;  // of the largest process
  double duration = 0;
  std::string finished;

  [[nodiscard]] int score() const;
  [[nodiscard]] int max_score() const;
  [[nodiscard]] int bonus() const;
};

/// Grades, and writes out/result.json. Never throws for what is in the
/// submission. Throws problem for a request that is wrong: an unknown
/// lab, a submission that is not there, an `out` that cannot be written.
submission_record grade_submission(const workspace& where,
                                   const submission_request& wanted);

/// The record as JSON; its schema is submission.schema.json.
std::string submission_json(const workspace& where,
                            const submission_record& of);

}  // namespace workbook
