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

//@ #include "grading/todo.hpp"
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
  // [6.4 pick]
  //@[6.2] // Serves as long as the queue is all there is.
  //@[6.2] return home.global_.pop();
  //@ return todo<goroutine*>("6.4");
  // relaxed: only the owner writes it, and the monitor compares.
  const auto picks = tick.load(std::memory_order_relaxed) + 1;
  // relaxed: as above.
  tick.store(picks, std::memory_order_relaxed);
  goroutine* next = nullptr;
  if (picks % global_turn == 0) {
    next = pick_rarely();
  }
  if (next == nullptr) {
    next = take_runnext();
  }
  if (next == nullptr) {
    next = queue.pop();
  }
  if (next == nullptr && unstarted) {
    next = unstarted->pop();
  }
  return next != nullptr ? next : pick_when_empty();
  // [6.4 pick]
}

// A pair that hands over to each other would keep all others out.
inline goroutine* processor::take_runnext() {
  // [6.4 take_runnext]
  //@ return todo<goroutine*>("6.4");
  // relaxed: others only empty it, and the exchange decides.
  if (runnext.load(std::memory_order_relaxed) == nullptr) {
    chain = 0;
    return nullptr;
  }
  // pairs with steal_from: of two machines, one gets it.
  goroutine* const next =
      runnext.exchange(nullptr, std::memory_order_acq_rel);
  if (next == nullptr || ++chain < longest_chain) {
    return next;
  }
  chain = 0;
  push(*next);
  return nullptr;
  // [6.4 take_runnext]
}

[[gnu::noinline]] inline goroutine* processor::pick_rarely() {
  // [6.5 pick_rarely]
  //@[6.4] return nullptr;
  //@ return todo<goroutine*>("6.5");
  home.run_due_timers(*this);
  home.poll_descriptors(*this);
  if (unstarted && tick % (global_turn * oldest_turn) == 0) {
    if (goroutine* const oldest = unstarted->steal()) {
      return oldest;
    }
  }
  return home.global_.size() == 0 ? nullptr : home.global_.pop();
  // [6.5 pick_rarely]
}

[[gnu::noinline]] inline goroutine* processor::pick_when_empty() {
  // [6.5 pick_when_empty]
  //@[6.4] return home.global_.pop();
  //@ return todo<goroutine*>("6.5");
  const bool due = home.run_due_timers(*this);
  if (due || home.poll_descriptors(*this)) {
    return queue.pop();
  }
  const std::size_t there = home.global_.size();
  if (there == 0) {
    return nullptr;
  }
  const std::size_t processors = home.processors_.size();
  goroutine* const first = home.global_.pop(
      fair_share(there, processors, queue.limit() / 2));
  if (first != nullptr) {
    goroutine* const rest = std::exchange(first->next, nullptr);
    note(event_kind::fetched, first);
    push_all(rest);
  }
  return first;
  // [6.5 pick_when_empty]
}

// ---- Goroutines that may run -------------------------------------

inline void processor::ready(goroutine& g) {
  // [6.4 ready]
  //@[6.2] home.global_.push(g);
  //@ todo("6.4", g);
  note(event_kind::readied, &g);
  // pairs with steal_from: what the thief needs to run g.
  goroutine* const before =
      runnext.exchange(&g, std::memory_order_acq_rel);
  if (before != nullptr) {
    push(*before);
  }
  // [6.4 ready]
}

inline void processor::push(goroutine& g) {
  // [6.4 push_local]
  //@[6.2] home.global_.push(g);
  //@ todo("6.4", g);
  if (!queue.push(&g)) {
    overflow(g);
  }
  home.work_is_there(*this);
  // [6.4 push_local]
}

inline void processor::push_all(goroutine* list) {
  while (list != nullptr) {
    goroutine& g = *std::exchange(list, list->next);
    push(g);
  }
}

[[gnu::noinline]] inline void processor::overflow(goroutine& g) {
  // [6.4 overflow]
  //@ todo("6.4", g);
  std::array<goroutine*, queue_capacity / 2 + 1> half;
  const std::uint32_t n = queue.take_half(half.data());
  for (std::uint32_t i = 0; i < n; ++i) {
    half[i]->next = i + 1 < n ? half[i + 1] : &g;
  }
  note(event_kind::overflowed, &g, 0, n);
  home.global_.push(n > 0 ? *half[0] : g, g, n + 1);
  // [6.4 overflow]
}

inline goroutine* processor::steal_from(processor& victim,
                                        std::uint32_t least) {
  // [6.10 steal_from]
  //@ return todo<goroutine*>("6.10", victim, least);
  std::array<goroutine*, queue_capacity / 2 + 1> loot;
  std::uint32_t n = 0;
  if (victim.unstarted) {
    const auto there =
        static_cast<std::uint32_t>(std::min<std::int64_t>(
            victim.unstarted->size(), queue.limit()));
    for (std::uint32_t i = 0; i < how_many_to_steal(there); ++i) {
      goroutine* const oldest = victim.unstarted->steal();
      if (oldest == nullptr) {
        break;
      }
      loot[n++] = oldest;
    }
  }
  if (n == 0) {
    n = victim.queue.take_half(loot.data(), least);
  }
  if (n == 0 && least == 1) {
    // pairs with ready: what is needed to run it.
    constexpr auto order = std::memory_order_acq_rel;
    loot[0] =
        victim.runnext.exchange(nullptr, order);
    n = loot[0] == nullptr ? 0 : 1;
  }
  for (std::uint32_t i = 1; i < n; ++i) {
    push(*loot[i]);
  }
  if (n == 0) {
    return nullptr;
  }
  note(event_kind::stolen, loot[0],
       static_cast<std::uint64_t>(victim.id), n - 1);
  return loot[0];
  // [6.10 steal_from]
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
