// The timers of one processor: a heap with four children a node.
//
// Book: chapter 6, step 6.9. Model: Go's runtime/time.go, whose heap
// has four children too: half the depth, and siblings share a line.
//
// Invariants (each holds whenever lock_ is free):
//   (I1) No entry is due before its parent; of two that are due at the
//        same time the one that was added first is first.
//   (I2) timer::place of a tracked timer is its index here, or `none`.
//   (I3) next() is when the first entry is due, or never.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "goroutine.hpp"
//@ #include "grading/todo.hpp"
#include "spin_lock.hpp"

namespace workbook::gmp {

class timer_heap;

/// What wakes a goroutine at a time. On the goroutine's stack.
struct timer {
  static constexpr std::size_t none = SIZE_MAX;

  goroutine* sleeper;
  /// Decides whether this timer may wake the goroutine; null: nothing
  /// else can. Called with the heap's lock held.
  bool (*claim)(timer&) = nullptr;
  timer_heap* heap = nullptr;  // where it was added
  std::size_t place = none;    // (I2)
};

/// Timers, by the time at which they are due. Thread safety: any
/// member from any thread. No goroutine runs while lock_ is held.
class timer_heap {
 public:
  static constexpr std::int64_t never = INT64_MAX;

  /// Adds `what`, due at `when` (nanoseconds of the scheduler's clock).
  /// Returns whether it is now the first. O(log n). A timer without
  /// `claim` is not tracked: it cannot be removed, and a million of
  /// them move within the heap without a touch of their stacks.
  bool add(timer& what, std::int64_t when) {
    // [6.9 add]
    //@ return todo<bool>("6.9", what, when);
    std::scoped_lock lock(lock_);
    what.heap = this;
    const entry added{when, ++added_, &what, what.claim != nullptr};
    heap_.push_back(added);
    rise(heap_.size() - 1, added);
    next_.store(heap_.front().when);
    return heap_.front().what == &what;
    // [6.9 add]
  }

  /// Removes a tracked timer, if it is still there; waits until a claim
  /// that is being made is decided. O(log n).
  static void remove(timer& what) {
    // [6.9 remove]
    //@ todo("6.9", what);
    std::scoped_lock lock(what.heap->lock_);
    if (what.place != timer::none) {
      what.heap->erase(what.place);
    }
    // [6.9 remove]
  }

  /// Removes the timers that are due at `now`, at most `most`; returns
  /// the goroutines that they woke as a list, the earliest first, and
  /// null at its end. O(log n) each.
  goroutine* take_due(std::int64_t now, std::size_t most) {
    // [6.9 take_due]
    //@[6.2] (void)now;
    //@[6.2] (void)most;
    //@[6.2] return nullptr;
    //@ return todo<goroutine*>("6.9", now, most);
    std::scoped_lock lock(lock_);
    goroutine* first = nullptr;
    goroutine** end = &first;
    while (!heap_.empty() && heap_.front().when <= now &&
           most-- > 0) {
      timer& due = *heap_.front().what;
      erase(0);
      if (due.claim == nullptr || due.claim(due)) {
        *end = due.sleeper;
        end = &due.sleeper->next;
        due.sleeper->next = nullptr;
      }
    }
    return first;
    // [6.9 take_due]
  }

  /// When the first timer is due; never if there is none. seq_cst: an
  /// idle machine relies on it (see scheduler::sleep).
  [[nodiscard]] std::int64_t next() const { return next_.load(); }

 private:
  struct entry {
    std::int64_t when;
    std::uint64_t order;
    timer* what;
    bool tracked;

    bool operator<(const entry& other) const {
      return when != other.when ? when < other.when
                                : order < other.order;
    }
  };

  void set(std::size_t place, const entry& what) {
    heap_[place] = what;
    if (what.tracked) {
      what.what->place = place;  // (I2)
    }
  }

  // Moves the hole at `place` up until `what` fits in.
  void rise(std::size_t place, const entry& what) {
    while (place > 0) {
      const std::size_t parent = (place - 1) / 4;
      if (!(what < heap_[parent])) {
        break;
      }
      set(place, heap_[parent]);
      place = parent;
    }
    set(place, what);
  }

  // Moves the hole at `place` down until `what` fits in.
  void sink(std::size_t place, const entry& what) {
    for (;;) {
      const std::size_t begin = 4 * place + 1;
      const std::size_t end = std::min(begin + 4, heap_.size());
      if (begin >= end) {
        break;
      }
      std::size_t least = begin;
      for (std::size_t i = begin + 1; i < end; ++i) {
        if (heap_[i] < heap_[least]) {
          least = i;
        }
      }
      if (!(heap_[least] < what)) {
        break;
      }
      set(place, heap_[least]);
      place = least;
    }
    set(place, what);
  }

  void erase(std::size_t place) {
    if (heap_[place].tracked) {
      heap_[place].what->place = timer::none;
    }
    const entry last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) {
      const bool up = place > 0 && last < heap_[(place - 1) / 4];
      up ? rise(place, last) : sink(place, last);
    }
    next_.store(heap_.empty() ? never : heap_.front().when);
  }

  spin_lock lock_;  // guards heap_, added_, and timer::place
  std::vector<entry> heap_;
  std::uint64_t added_ = 0;
  std::atomic<std::int64_t> next_{never};  // written under lock_
};

}  // namespace workbook::gmp
