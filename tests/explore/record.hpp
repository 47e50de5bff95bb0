// What one schedule leaves behind, in memory that the process of the
// schedule shares with the process of the test.
//
// The child fills it while it runs; the parent reads it once the child
// has ended, however it ended. Pointers into the program's text and
// its string literals mean the same in both, because the child is a
// fork of the parent.
//
// Book: appendix "How the explorer works", section What it cannot do.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "vector_clock.hpp"

namespace explore {

/// How a schedule ended.
enum class ending : std::uint8_t {
  running,       // it has not: the process ended under it, or hangs
  passed,        // the scenario returned and left nothing behind
  expectation,   // an EXPECT or ASSERT of the test failed
  deadlock,      // nobody can go on, and no deadline will change that
  leak,          // the scenario ended, a thread of it did not
  race,          // two accesses, one a write, neither before the other;
                 // or one to memory that is freed
  misuse,        // a primitive was used against its contract
  spinning,      // more steps than the budget
  polling,       // a timed wait where options::polls is false
  terminated,    // std::terminate, or an exception left a thread
  crashed,       // a signal: segmentation fault, abort, …
  not_written,   // todo() was reached
  too_large,     // more threads or steps than the explorer can hold
  unexplorable,  // it waits in the kernel for what we cannot model
  endless,       // it computes without a step: an endless loop
  impossible,    // a line of a schedule file that cannot be followed
};

/// What a thread does at one step.
enum class operation : std::uint8_t {
  begin,
  end,
  create,
  join,
  detach,
  lock,
  try_lock,
  unlock,
  lock_shared,
  wait,
  notify_one,
  notify_all,
  load,
  store,
  exchange,
  fence,
  futex_wait,
  futex_wake,
  once,
  sleep,
  yield,
  settle,
  arrive,
  acquire,
  post,
};

/// Frames kept of a step's call stack when the schedule is traced.
inline constexpr int max_frames = 14;

/// One step: what `thread` did, to which object, from where.
struct step {
  std::uint8_t thread = 0;
  operation what = operation::begin;
  bool blocked = false;     // the thread had to wait in this step
  bool timed_out = false;   // … until its deadline
  bool spurious = false;    // it woke, or failed, without a reason
  bool preempts = false;    // another thread could have gone on instead
  bool stale = false;       // it read an older value than the newest
  std::uint8_t order = 0;   // memory order, of atomic operations
  std::uint8_t bytes = 0;   // size of the atomic object
  std::uint16_t woken = 0;  // threads that the step let go on
  std::uint32_t from = UINT32_MAX;    // the step whose store it read
  std::uint32_t newest = UINT32_MAX;  // … and that of the newest one
  std::uint64_t value = 0;            // read, or stored
  std::int64_t time = 0;              // virtual nanoseconds
  const void* object = nullptr;
  const void* caller = nullptr;  // the return address of the hook
  std::array<const void*, max_frames> frames{};  // traced runs only
};

/// Why a thread cannot go on.
enum class reason : std::uint8_t {
  none,
  lock,
  rwlock,
  condition,
  join,
  futex,
  once,
  barrier,
  semaphore,
  sleep,
  settle,
};

/// The state of one thread when the schedule ended.
struct thread_summary {
  std::array<char, 24> role{};
  bool alive = false;
  reason waits = reason::none;
  const void* object = nullptr;
  int holder = -1;  // who holds the lock it waits for
  std::uint32_t last_step = 0;
};

/// A name that the test gave to an object.
struct named_object {
  const void* address = nullptr;
  std::array<char, 24> name{};
};
inline constexpr int max_names = 32;
inline constexpr int max_suppressions = 64;

inline constexpr std::uint32_t max_steps = 1u << 16;
inline constexpr int max_choices = 1 << 14;

/// The path of an exhaustive search: which alternative was taken at
/// each choice, and how many there were.
struct path {
  int fixed = 0;   // choices [0, fixed) are to be repeated
  int length = 0;  // choices made so far
  // Some schedule had more of them than there is room for: what came
  // after took the first alternative, and the search is incomplete.
  bool truncated = false;
  std::array<std::uint8_t, max_choices> taken{};
  std::array<std::uint8_t, max_choices> count{};
};

/// The whole record. Lives in one shared mapping.
struct record {
  ending how = ending::running;
  int culprit = 0;                // the thread whose step ended it
  std::array<char, 2048> text{};  // in one or a few sentences
  std::array<char, 512> where{};  // file:line of a failed expectation
  const char* promise = nullptr;
  const char* unwritten = nullptr;  // step, for ending::not_written
  const void* pc = nullptr;         // of a race or a crash
  const void* other_pc = nullptr;   // the race's other side
  int other = -1;                   // … and its thread
  const void* address = nullptr;
  std::uint32_t steps = 0;
  int preemptions = 0;
  int stale_reads = 0;
  int threads = 0;
  std::uint64_t hash = 0;  // of the order in which threads ran
  std::uint64_t seal = 0;  // the search's own, with ending::passed
  std::array<thread_summary, max_threads> thread{};
  // Code whose races are not the reader's: see search::is_suppressible.
  int suppressions = 0;
  std::array<const void*, max_suppressions> suppressed{};
  int names = 0;
  std::array<named_object, max_names> name{};
  path choices;
  std::array<step, max_steps> trace{};

  /// The steps of the trace that had room in it, the first ones.
  std::span<const step> kept() const {
    return {trace.data(), std::min(steps, max_steps)};
  }
};

}  // namespace explore
