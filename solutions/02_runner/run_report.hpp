// The reports and options of runner::run and run_group::run.
//
// Book: chapter 2, "Runner". Given to the reader complete.
// Document: 001, whose runner returns one of two errors, or none.

#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace workbook {

/// How a run ended: by the first cause, whatever came after it.
enum class outcome {
  completed,    // every task returned strictly before the deadline
  timed_out,    // the deadline came first; also if both came at once
  interrupted,  // the interrupt came first
  failed        // a task threw first
};

/// The outcome's name, "timed_out".
inline std::string_view name_of(outcome how) {
  switch (how) {
    case outcome::completed:
      return "completed";
    case outcome::timed_out:
      return "timed_out";
    case outcome::interrupted:
      return "interrupted";
    case outcome::failed:
      return "failed";
  }
  return "unknown";
}

/// What happened in one run, from its start to its end.
struct run_report {
  using nanoseconds = std::chrono::nanoseconds;

  /// A task that returned or threw, `at` after the start of the run.
  struct ending {
    int id = 0;
    nanoseconds at{};
  };

  /// The task that ran when the deadline or the interrupt came, and
  /// how long it went on. A deadline comes when it is due, whenever
  /// that is noticed.
  struct halt {
    int id = 0;
    nanoseconds heeded_after{};
  };

  outcome how = outcome::completed;
  std::vector<ending> ended;    // every task that was started, in order
  std::optional<halt> stopped;  // empty: no task ran at that moment
  std::exception_ptr error;     // the first exception, or null
  std::vector<std::exception_ptr> later_errors;  // all others, in order
};

/// What a runner runs: it gets the token that asks it to end, and its
/// number, counted from 0 in the order of add.
using runner_task = std::function<void(std::stop_token, int id)>;

/// What a runner does while it waits for a task that it has stopped.
struct runner_options {
  /// After this time, and after each further such time, on_overdue is
  /// called. Zero: never.
  std::chrono::nanoseconds grace{};
  /// Gets the task's number, and how long ago it was stopped: a
  /// multiple of `grace`. Called on the thread that called run. A call
  /// that takes time does not delay the next one. What it throws, of
  /// whatever type, is reported.
  std::function<void(int id, std::chrono::nanoseconds late)> on_overdue;
};

}  // namespace workbook
