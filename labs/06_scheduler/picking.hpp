// Which goroutine is next on a processor.
//
// Book: chapter 6, steps 6.4, 6.5 and 6.10. Model: Go's schedule(),
// findRunnable() and runqput().

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "grading/todo.hpp"
#include "processor.hpp"
#include "scheduler.hpp"

namespace workbook::gmp {

inline processor::processor(scheduler& of, int number, bool only_one,
                            const options& wanted)
    : id(number),
      alone(only_one),
      home(of),
      random_state((wanted.seed + 1) * 0x9e3779b97f4a7c15u +
                   static_cast<std::uint64_t>(number)),
      queue(wanted.queue_limit) {
  if (wanted.trace_events > 0) {
    trace = std::make_unique<trace_ring>(wanted.trace_events);
  }
  if (wanted.order == spawn_order::lifo) {
    unstarted = std::make_unique<deque<goroutine, deque_capacity>>();
  }
}

// ---- The order of picks ------------------------------------------

inline goroutine* processor::pick() {
  // relaxed: a request may be seen one pick later.
  if (asked.load(std::memory_order_relaxed) == request::stop) {
    return nullptr;
  }
  return todo<goroutine*>("6.4");
  // Serves from step 6.2 on:
  // // Serves as long as the queue is all there is.
  // return home.global_.pop();
}

// A pair that hands over to each other would keep all others out.
inline goroutine* processor::take_runnext() {
  return todo<goroutine*>("6.4");
}

[[gnu::noinline]] inline goroutine* processor::pick_rarely() {
  return todo<goroutine*>("6.5");
  // Serves from step 6.4 on:
  // return nullptr;
}

[[gnu::noinline]] inline goroutine* processor::pick_when_empty() {
  return todo<goroutine*>("6.5");
  // Serves from step 6.4 on:
  // return home.global_.pop();
}

// ---- Goroutines that may run -------------------------------------

inline void processor::ready(goroutine& g) {
  todo("6.4", g);
  // Serves from step 6.2 on:
  // home.global_.push(g);
}

inline void processor::push(goroutine& g) {
  todo("6.4", g);
  // Serves from step 6.2 on:
  // home.global_.push(g);
}

inline void processor::push_all(goroutine* list) {
  while (list != nullptr) {
    goroutine& g = *std::exchange(list, list->next);
    push(g);
  }
}

[[gnu::noinline]] inline void processor::overflow(goroutine& g) {
  todo("6.4", g);
}

inline goroutine* processor::steal_from(processor& victim,
                                        std::uint32_t least) {
  return todo<goroutine*>("6.10", victim, least);
}

inline bool processor::has_work() const {
  return queue.size() > 0 || runnext.load() != nullptr ||
         (unstarted && unstarted->size() > 0);
}

// ---- Small things ------------------------------------------------

// Marsaglia's xorshift64*: select must not be slow, nor predictable by
// accident. `bound` is small, so the bias of the multiplication is.
inline std::uint32_t processor::random(std::uint32_t bound) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  const std::uint64_t high = (random_state * 0x2545f4914f6cdd1du) >> 32;
  return static_cast<std::uint32_t>((high * bound) >> 32);
}

[[gnu::noinline]] inline void processor::add_event(
    event_kind what, const goroutine* g, std::uint64_t other,
    std::size_t detail) {
  const machine* const m = holder.load();
  trace->add({.order = home.next_event_.fetch_add(1),
              .time = home.now(),
              .g = g == nullptr ? 0 : g->id,
              .other = other,
              .m = static_cast<std::int16_t>(m == nullptr ? -1 : m->id),
              .p = static_cast<std::int16_t>(id),
              .kind = what,
              .detail = static_cast<std::uint8_t>(
                  std::min<std::size_t>(detail, 255))});
}

}  // namespace workbook::gmp
