// P: the right to run goroutines, and the queues that go with it.
//
// Book: chapter 6, steps 6.4, 6.5 and 6.10. Document: 004, "P runs the
// G" (it does not: a machine does, while it holds a P). Model: Go's
// runtime.p and schedule().
//
// Invariants:
//   (I1) At most one machine holds a processor; only that machine
//        touches the fields below "owner only".
//   (I2) A goroutine that may run and does not is in exactly one place:
//        one local queue, one runnext, one deque, or the global queue.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "deque.hpp"
#include "global_queue.hpp"
#include "goroutine.hpp"
#include "grading/todo.hpp"
#include "options.hpp"
#include "ring.hpp"
#include "stack.hpp"
#include "timer_heap.hpp"
#include "trace.hpp"

namespace workbook::gmp {

/// What a processor is asked to do with the goroutine that runs.
enum class request : std::uint8_t {
  none,
  preempt,  ///< put it at the tail of the global queue
  stop      ///< run no goroutine any more
};

struct alignas(128) processor {
  static constexpr std::uint32_t queue_capacity = 256;
  static constexpr std::int64_t deque_capacity = 1024;
  static constexpr std::int64_t deque_spawns = 256;
  /// Every so many picks the global queue, the timers and the
  /// descriptors have their turn first. Prime, as in Go, so that it
  /// does not beat in time with a pattern of the program's.
  static constexpr std::uint32_t global_turn = 61;
  /// Every so many of those turns the oldest goroutine of the deque
  /// runs.
  static constexpr std::uint32_t oldest_turn = 64;
  /// So many hand-overs in a row go through runnext.
  static constexpr std::uint32_t longest_chain = 64;
  /// So many free stacks or goroutines go to or from a pool at once.
  static constexpr std::uint32_t batch = 128;

  processor(scheduler& of, int number, bool only_one,
            const options& wanted);

  /// The next goroutine to run; null if there is none here, nor in the
  /// global queue. Owner only. Does not steal.
  goroutine* pick();

  /// Makes `g` runnable, next to run here: it finds the value that
  /// woke it in the cache. The one that was next moves to
  /// the tail of the queue. Owner only.
  void ready(goroutine& g);

  /// Makes `g` runnable, at the tail of the queue. If the queue is
  /// full, half of it, the oldest, and then `g` move to the global
  /// queue. Owner only.
  void push(goroutine& g);

  /// push, for a list that ends with null.
  void push_all(goroutine* list);

  /// Takes over the goroutines of a thief's `loot`; returns the first.
  goroutine* steal_from(processor& victim, std::uint32_t least);

  /// Whether something can run here.
  [[nodiscard]] bool has_work() const;

  /// A stack for `g`: its own, or a free one if it is unstarted.
  stack& stack_for(goroutine& g) {
    return g.on != nullptr ? *g.on : new_stack(g);
  }
  stack& new_stack(goroutine& g);
  void put_stack(stack& one);
  goroutine& make_goroutine();
  void recycle(goroutine& g);
  std::uint32_t random(std::uint32_t bound);
  void note(event_kind what, const goroutine* g,
            std::uint64_t other = 0, std::size_t detail = 0) {
    if (trace) [[unlikely]] {
      add_event(what, g, other, detail);
    }
  }

  const int id;
  const bool alone;  // there is no other processor
  scheduler& home;

  // Owner only.
  stack* free_stacks = nullptr;
  goroutine* free_goroutines = nullptr;
  std::uint32_t stacks_kept = 0;
  std::uint32_t goroutines_kept = 0;
  std::uint32_t chain = 0;  // picks of runnext in a row
  std::uint64_t random_state;
  std::uint64_t next_id = 0;  // ids up to last_id are this one's
  std::uint64_t last_id = 0;
  std::unique_ptr<trace_ring> trace;

  // Any thread.
  alignas(128) std::atomic<std::uint32_t> tick{0};  // picks; owner adds
  std::atomic<request> asked{request::none};
  std::atomic<machine*> holder{nullptr};
  std::atomic<std::uint32_t> seen_tick{0};  // the monitor's
  int stuck = 0;  // the monitor's: how often it saw no pick
  std::atomic<goroutine*> runnext{nullptr};
  ring<goroutine, queue_capacity> queue;
  std::unique_ptr<deque<goroutine, deque_capacity>> unstarted;
  timer_heap timers;

 private:
  void add_event(event_kind what, const goroutine* g,
                 std::uint64_t other, std::size_t detail);
  goroutine* take_runnext();
  goroutine* pick_rarely();
  goroutine* pick_when_empty();
  void overflow(goroutine& g);
};

}  // namespace workbook::gmp
