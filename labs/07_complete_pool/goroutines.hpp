// The second thread model: the goroutines of chapter 6.
//
// Book: chapter 7, "The complete pool". Given to the reader as it is.
// It needs chapter 6; nothing else of this chapter does.

#pragma once

#include <chrono>
#include <utility>

#include "gmp.hpp"
#include "mutex.hpp"
#include "thread_model.hpp"

namespace workbook {

/// Goroutines of the scheduler that runs the caller. Every member, and
/// every call of a pool of goroutines, belongs to a goroutine.
struct goroutines {
  using mutex = gmp::mutex;
  using condition_variable = gmp::condition_variable;
  using clock = gmp::clock;
  using thread = gmp::handle;

  /// Starts a goroutine that calls `function`. Throws std::bad_alloc.
  template <typename Function>
  static thread spawn(Function function) {
    return gmp::go(std::move(function));
  }

  /// Blocks the calling goroutine for `time`.
  static void sleep_for(std::chrono::nanoseconds time) {
    gmp::sleep_for(time);
  }

  /// Lets another goroutine run.
  static void yield() { gmp::yield(); }

  /// A pointer of the calling goroutine's own; null at first.
  static const void*& local() noexcept {
    gmp::stack& on = *gmp::here()->current;
    if (on.local_of != on.runs->id) {
      on.local_of = on.runs->id;  // the stack had another goroutine
      on.local = nullptr;
    }
    return on.local;
  }
};

static_assert(thread_model<goroutines>);

}  // namespace workbook
