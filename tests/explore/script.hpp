// Schedules that a reader writes: which thread runs, until which point.
//
//   # two callers pass the test before either counts itself in
//   run A until unlock
//   run B until done
//
// A line is `run <thread> until <point>`, `run <thread> past <point>`
// or `run <thread> for <n> steps`. A point is lock, unlock, wait,
// notify, load, store, change, start, join or sleep: `until` stops the
// thread in front of its next step of that kind, `past` right behind
// it. `until blocked` runs it until it has to wait, `until done` until
// it has ended. With `stale` at its end (`run B past load stale`), each
// load of the line returns the oldest value that the memory orders
// allow; at least one has to be older than the newest. What is left when
// the lines are used up runs without preemptions and stale reads.
//
// Book: appendix "How the explorer works", section A schedule of your own.

#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "record.hpp"
#include "strategy.hpp"

namespace explore {

struct script_line {
  enum class stop { until, past, steps, blocked, done };

  int number = 0;  // in the file
  std::string thread;
  stop how = stop::done;
  std::vector<operation> at;  // for until and past
  int steps = 0;
  bool stale = false;  // its loads return the oldest value
};

struct script {
  std::string file;  // its name, for messages
  std::vector<script_line> lines;
};

/// The lines of the file at `path`, or what is wrong with it: file,
/// line, and what would be right.
std::variant<script, std::string> read_script(const std::string& path);

/// Follows `lines`; fails the schedule (ending::impossible) at a line
/// that cannot be followed, and says what would have been possible.
std::unique_ptr<strategy> scripted(script lines);

}  // namespace explore
