// Looks for a schedule under which a scenario fails.
//
// Every schedule runs in a process of its own, a fork of the test's,
// so that nothing of one schedule reaches the next: same binary, same
// seed, same trace.
//
// Book: appendix "How the explorer works", section Who goes on.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "explore.hpp"
#include "record.hpp"
#include "script.hpp"
#include "watchdog.hpp"

namespace explore {

/// Names one schedule: a seed of the portfolio ("1234"), or the n-th
/// schedule of an exhaustive search up to a bound ("2:350").
struct schedule_id {
  std::uint64_t number = 0;
  int bound = -1;  // negative: a seed

  std::string text() const;
  static std::optional<schedule_id> parse(const std::string& text);
};

/// What a search found.
struct finding {
  bool failed = false;
  bool complete = false;  // exhaustive, and nothing is left to try
  int bound = -1;
  int schedules = 0;  // tried until the first failure, or in all
  schedule_id id;     // of the failing one
};

using scenario = void (*)();

class search {
 public:
  search(scenario body, const options& wanted);
  ~search();
  search(const search&) = delete;
  search& operator=(const search&) = delete;

  /// Tries what the options ask for.
  finding run();

  /// Runs the one schedule `id`, keeping the call stack of each step.
  /// Afterwards log() is its record. `quiet`: what the scenario prints
  /// is dropped.
  void replay(const schedule_id& id, bool quiet);

  /// Runs `id` in this process, for a debugger. Does not return.
  [[noreturn]] void replay_here(const schedule_id& id);

  /// Runs the schedule that `lines` describe, as replay() does.
  void follow(const script& lines);

  /// Looks, with bounded effort, for a schedule that fails in the same
  /// way with fewer preemptions or stale reads than `found`.
  schedule_id shorten(const schedule_id& found);

  const record& log() const { return *record_; }

 private:
  void run_one(const schedule_id& id, bool traced);
  void run_child(const schedule_id& id, bool traced);
  bool is_suppressible(const void* pc);
  [[noreturn]] void be_child(const schedule_id& id, bool traced);
  bool reach(const schedule_id& id);
  void measure();

  struct failure {
    ending how = ending::running;
    int preemptions = 0;
    int stale_reads = 0;
  };
  std::optional<schedule_id> find_simpler(const failure& before,
                                          int stale);
  void reset();

  const alarm_clock ticking_;
  const std::uint64_t
      seal_;  // known to our processes, and to no mapping
  scenario body_;
  options wanted_;
  record* record_;
  std::size_t length_ = 0;  // steps of the schedule of seed 0, about
  std::optional<script> script_;  // set: followed instead of a seed
  std::map<const void*, bool> suppressible_;
};

}  // namespace explore
