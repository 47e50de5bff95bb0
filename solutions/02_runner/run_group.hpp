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
//@ #include "grading/todo.hpp"

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
  // [2.9 constructor]
  //@ todo("2.9");
  if (grace < nanoseconds::zero()) {
    throw std::invalid_argument("run_group: a negative grace");
  }
  // [2.9 constructor]
}

inline void run_group::add(std::function<void()> execute,
                           std::function<void()> interrupt) {
  // [2.9 add]
  //@ // TODO(2.9): keep the actor, if it is whole.
  //@ todo("2.9", execute, interrupt);
  if (!execute || !interrupt) {
    throw std::invalid_argument("run_group: an empty function");
  }
  actors_.push_back({std::move(execute), std::move(interrupt)});
  // [2.9 add]
}

inline group_report run_group::run() {
  // [2.9 run]
  //@ // TODO(2.9): start all, wait for the first, stop(…), join.
  //@ return todo<group_report>("2.9");
  told_ = group_report();
  returned_.assign(actors_.size(), false);
  std::vector<std::jthread> threads;  // joined on every path
  threads.reserve(actors_.size());
  try {
    for (std::size_t id = 0; id < actors_.size(); ++id) {
      threads.emplace_back([this, id] { work(id); });
    }
  } catch (...) {
    stop(threads.size());
    throw;
  }
  if (!actors_.empty()) {
    std::unique_lock lock(mutex_);
    while (!told_.first) {
      changed_.wait(lock);
    }
  }
  stop(threads.size());
  threads.clear();
  return std::move(told_);
  // [2.9 run]
}

// What the thread of actor `id` does.
inline void run_group::work([[maybe_unused]] std::size_t id) {
  // [2.9 work]
  //@ // TODO(2.9): execute; take note of the return.
  //@ todo("2.9");
  std::exception_ptr error;
  try {
    actors_[id].execute();
  } catch (...) {
    error = std::current_exception();
  }
  std::scoped_lock lock(mutex_);
  returned_[id] = true;
  if (!told_.first) {
    told_.first = id;
    told_.error = std::move(error);
  }
  changed_.notify_all();
  // [2.9 work]
}

// Interrupts the first `started` actors, the last one first, and notes
// who still runs when the grace is over.
inline void run_group::stop([[maybe_unused]] std::size_t started) {
  // [2.9 stop]
  //@ // TODO(2.9): interrupt without the lock; wait; look.
  //@ todo("2.9");
  for (std::size_t id = started; id-- > 0;) {
    actors_[id].interrupt();
  }
  std::unique_lock lock(mutex_);
  const auto all_returned = [this, started] {
    for (std::size_t id = 0; id < started; ++id) {
      if (!returned_[id]) {
        return false;
      }
    }
    return true;
  };
  changed_.wait_until(lock, deadline_after(grace_), all_returned);
  for (std::size_t id = started; id-- > 0;) {
    if (!returned_[id]) {
      told_.overdue.push_back(id);
    }
  }
  // [2.9 stop]
}

}  // namespace workbook
