// One thread of the scenario, as the explorer sees it.
//
// Book: appendix "How the explorer works", section One at a time.

#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "memory_model.hpp"
#include "record.hpp"

namespace explore {

/// Virtual time in nanoseconds since the schedule began.
using instant = std::int64_t;
inline constexpr instant never = INT64_MAX;

/// Everything here is touched only by the thread that has the turn,
/// but for `turn` itself.
struct thread : thread_view {
  std::array<char, 24> role{};

  // Runnable iff alive and waits == reason::none.
  bool alive = true;
  reason waits = reason::none;
  const void* object = nullptr;  // what it waits for
  instant deadline = never;      // until when
  bool timed_out = false;        // why the last wait ended

  // 1 while the thread has, or has been handed, the turn.
  std::atomic<int> turn{0};

  operation intends = operation::begin;  // its next step
  operation did = operation::begin;      // its last one
  long priority = 0;                     // the strategy's own
  int streak = 0;       // steps in a row with others runnable
  int clock_reads = 0;  // in a row
  int locks = 0;        // locks held
  std::uint32_t last_step = 0;
  int ignoring = 0;  // > 0: inside the explorer itself

  // Of the blocks of at least `missing_from` bytes that it asks for,
  // this one is missing; SIZE_MAX: none.
  std::size_t missing_block = SIZE_MAX;
  std::size_t missing_from = 0;

  pthread_t handle{};
  void* (*entry)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  bool detached = false;
  bool joined = false;
};

}  // namespace explore
