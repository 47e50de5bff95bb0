// What a graded test ended as.
//
// Book: appendix "How your work is graded".

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace workbook {

enum class verdict {
  pass,            // the promise was kept
  fail,            // an expectation was not met
  timeout,         // it hung, or used up its processor time
  crash,           // the process ended before the test did
  not_written,     // it reached a step that is not written yet
  not_run,         // its program could not be built
  infrastructure,  // the machine's fault or ours, not the reader's
};

/// The word in the record: "not_written".
std::string_view name_of(verdict status);

/// The reverse. Throws problem for any other word.
verdict verdict_of(std::string_view name);

/// What is known of one test after it was asked for.
struct outcome {
  verdict status = verdict::not_run;
  std::string message;                    // for people; empty on pass
  std::string promise;                    // in the docstring's words
  std::string step_not_written;           // of not_written: which one
  std::string strategy;                   // of explored tests
  std::string seed;                       // the one that failed
  std::optional<std::int64_t> schedules;  // how many were tried
  std::optional<std::int64_t> complete_bound;  // proved up to it
  double duration = 0;                         // seconds
  std::string made_from;  // fingerprint of what it depends on
  bool older = false;     // not_run: what was known is out of date
  bool just_now = false;  // of the run that is reported; not recorded
  bool unavailable = false;  // not_run: it needs the explorer
  std::string output;        // what it printed, both ends; not recorded
};

}  // namespace workbook
