// The process of one schedule: how it ends when the reader's code
// crashes, throws, or exits.
//
// Book: appendix "How the explorer works", section What it cannot do.

#pragma once

namespace explore {

/// Arms the handlers for signals and std::terminate.
void prepare_child();

/// Runs the scenario. An exception that leaves it fails the schedule.
void run_scenario(void (*body)());

// ---- What the grading library says while a scenario runs ----------

/// Whether this process is that of a schedule.
bool in_schedule();

/// The words of the promise under test; a literal.
void note_promise(const char* words);

/// An EXPECT or ASSERT failed: ends the schedule.
[[noreturn]] void note_failure(const char* file, int line,
                               const char* message);

/// todo() was reached: ends the schedule.
[[noreturn]] void note_unwritten(const char* step);

}  // namespace explore
