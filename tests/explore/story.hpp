// A failing schedule as rows and sentences, ready to be drawn.
//
// Book: appendix "How the explorer works", section Reading a report.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace explore {

/// Where a step happened: the innermost line of the reader's or the
/// test's own code. Empty file: unknown.
struct source_line {
  std::string file;  // without its folder
  std::string path;
  int line = 0;
  std::string text;  // the line itself, trimmed
};

/// One row of the lanes.
struct lane_row {
  std::uint32_t step = 0;
  int thread = 0;
  std::string words;   // "locks mutex_", "waits has_task_"
  std::string note{};  // what decides: "spurious"; is never cut
  bool waits = false;  // until its next row
  bool ends = false;   // its last row
  source_line where{};
};

/// A failing schedule, ready to be drawn.
struct story {
  std::string heading;             // which schedule of how many
  std::string what;                // the fault in a sentence or two
  std::vector<std::string> why{};  // why nobody can go on; both sides
  std::vector<std::string> roles{};
  std::vector<lane_row> rows{};  // a dozen at most, in order
};

}  // namespace explore
