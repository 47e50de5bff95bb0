// Actors that run at the same time, and end together: the concurrent
// relative of the runner.
//
// Book: chapter 2, "Runner", bonus. Model: oklog/run of P. Bourgon.
//
// Invariants:
//   (I1) An interrupt is called only after some execute has returned
//        or a start has failed; once each, the last started first.
//   (I2) When run returns, every execute that was started has.
//   (I3) No user code runs while mutex_ is held.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "deadline.hpp"
#include "grading/todo.hpp"

namespace workbook {

/// How a group ended, reported when all its actors have returned.
struct group_report {
  std::optional<std::size_t> first;  // whose return ended the group
  std::exception_ptr error;          // what its execute threw, or null
  std::vector<std::size_t> overdue;  // still ran when the grace was
                                     // over, in the order of interrupt
};

/// run_group runs actors, each on a thread of its own, until the first
/// of them returns; then it interrupts all, and waits for all.
///
/// Thread safety: one thread at a time may call add and run.
class run_group {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  /// An actor that still runs `grace` after the last interrupt call
  /// is reported as overdue. Throws std::invalid_argument if `grace`
  /// is negative.
  explicit run_group(nanoseconds grace);

  run_group(const run_group&) = delete;
  run_group& operator=(const run_group&) = delete;
  ~run_group() = default;

  /// Appends an actor: `interrupt` makes `execute` return soon, also
  /// if it has not begun; it must not throw. Throws
  /// std::invalid_argument if one of them is empty.
  void add(std::function<void()> execute,
           std::function<void()> interrupt);

  /// Starts the actors in the order of add. The first to return, or to
  /// throw, ends the group: every started actor's interrupt is called,
  /// the last started first, on the calling thread. Blocks until all
  /// have returned; later errors are dropped. Without actors: returns
  /// at once. A second run starts afresh. Throws std::system_error if
  /// a thread cannot be started, after those before it were interrupted
  /// and have returned.
  group_report run();

 private:
  struct actor {
    std::function<void()> execute;
    std::function<void()> interrupt;
  };

  void work(std::size_t id);
  void stop(std::size_t started);

  const nanoseconds grace_;
  std::vector<actor> actors_;

  // mutex_ guards every field below it while actors run.
  std::mutex mutex_;
  std::condition_variable changed_;  // one more has returned
  group_report told_;
  std::vector<bool> returned_;
};

// ---- Implementation --------------------------------------------

inline run_group::run_group(nanoseconds grace) : grace_(grace) {
  todo("2.9");
}

inline void run_group::add(std::function<void()> execute,
                           std::function<void()> interrupt) {
  // TODO(2.9): keep the actor, if it is whole.
  todo("2.9", execute, interrupt);
}

inline group_report run_group::run() {
  // TODO(2.9): start all, wait for the first, stop(…), join.
  return todo<group_report>("2.9");
}

// What the thread of actor `id` does.
inline void run_group::work([[maybe_unused]] std::size_t id) {
  // TODO(2.9): execute; take note of the return.
  todo("2.9");
}

// Interrupts the first `started` actors, the last one first, and notes
// who still runs when the grace is over.
inline void run_group::stop([[maybe_unused]] std::size_t started) {
  // TODO(2.9): interrupt without the lock; wait; look.
  todo("2.9");
}

}  // namespace workbook
