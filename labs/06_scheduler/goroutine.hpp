// G: a goroutine, first a small object, later with a stack.
//
// Book: chapter 6, step 6.2. Document: 004. Model: Go's runtime.g.
//
// Invariants:
//   (I1) A goroutine has a stack if and only if it has started and has
//        not ended: unstarted ones cost 128 bytes, not a page.
//   (I2) `owner` decides who frees it: the later of its end and the
//        drop of its handle. Each of the two is one exchange.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "spawn_place.hpp"

namespace workbook::gmp {

class scheduler;
struct stack;

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// What a goroutine waits for.
enum class wait_reason : std::uint8_t {
  none,       ///< nothing: it runs, or is in a queue
  join,       ///< the end of another goroutine
  sleep,      ///< a time
  send,       ///< a place in a channel
  receive,    ///< a value of a channel
  select,     ///< one of several
  lock,       ///< a gmp::mutex
  condition,  ///< a gmp::condition_variable
  group,      ///< a gmp::wait_group
  descriptor  ///< a file descriptor
};

/// One goroutine. Two cache lines: the first for queues, the second
/// for the function and what it captured.
struct alignas(64) goroutine {
  /// What `owner` holds besides the goroutine that waits in join.
  enum : std::uintptr_t { held = 0, dropped = 1, ended = 2 };

  /// What `run` is asked for.
  enum class order { call, destroy };

  goroutine* next = nullptr;  // in a queue or a free list
  stack* on = nullptr;        // (I1)
  void (*run)(goroutine&, order) = nullptr;  // null: the object is free
  std::atomic<std::uintptr_t> owner{held};   // (I2)
  scheduler* home = nullptr;
  std::exception_ptr failure = nullptr;
  const char* name = nullptr;
  spawn_place started = {};
  std::uint64_t id = 0;
  // The place and the id leave room for this much of a closure; a
  // larger one is allocated.
  alignas(8) std::byte closure[40];

  /// Stores `f` here, or on the heap if it does not fit.
  template <typename F>
  void store(F&& f);
};
static_assert(sizeof(goroutine) == 128);

template <typename F>
void goroutine::store(F&& f) {
  using function = std::decay_t<F>;
  constexpr bool fits =
      sizeof(function) <= sizeof(closure) && alignof(function) <= 8;
  if constexpr (fits) {
    new (closure) function(std::forward<F>(f));
    run = [](goroutine& g, order what) {
      auto* const own =
          std::launder(reinterpret_cast<function*>(g.closure));
      struct destroyer {
        function* which;
        ~destroyer() { which->~function(); }
      } const at_end{own};
      if (what == order::call) {
        (*own)();
      }
    };
  } else {
    auto* const far = new function(std::forward<F>(f));
    new (closure) function*(far);
    run = [](goroutine& g, order what) {
      const std::unique_ptr<function> own(
          *std::launder(reinterpret_cast<function**>(g.closure)));
      if (what == order::call) {
        (*own)();
      }
    };
  }
}

}  // namespace workbook::gmp
