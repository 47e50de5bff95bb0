// The timers of one processor: an ordered set.
//
// An alternative: O(log n) as the heap, but each timer is a node of its
// own, and to remove one is to look it up.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>

#include "goroutine.hpp"

namespace workbook::gmp {

class timer_heap;

struct timer {
  goroutine* sleeper;
  bool (*claim)(timer&) = nullptr;
  timer_heap* heap = nullptr;  // where it was added
  std::int64_t due = 0;
  std::uint64_t order = 0;  // among those of its heap; from 1
};

class timer_heap {
 public:
  static constexpr std::int64_t never = INT64_MAX;

  bool add(timer& what, std::int64_t when) {
    const std::scoped_lock lock(mutex_);
    what.heap = this;
    what.due = when;
    what.order = ++added_;
    const auto at = timers_.insert({when, added_, &what}).first;
    note_next();
    return at == timers_.begin();
  }

  static void remove(timer& what) {
    const std::scoped_lock lock(what.heap->mutex_);
    what.heap->timers_.erase({what.due, what.order, &what});
    what.heap->note_next();
  }

  goroutine* take_due(std::int64_t now, std::size_t most) {
    const std::scoped_lock lock(mutex_);
    goroutine* first = nullptr;
    goroutine** end = &first;
    for (; !timers_.empty() && most > 0; --most) {
      const auto earliest = timers_.begin();
      if (earliest->when > now) {
        break;
      }
      timer& due = *earliest->what;
      timers_.erase(earliest);
      if (due.claim == nullptr || due.claim(due)) {
        goroutine* const woken = due.sleeper;
        *end = woken;
        end = &woken->next;
        woken->next = nullptr;
      }
    }
    note_next();
    return first;
  }

  [[nodiscard]] std::int64_t next() const { return next_; }

 private:
  struct entry {
    std::int64_t when;
    std::uint64_t order;
    timer* what;

    bool operator<(const entry& other) const {
      return when != other.when ? when < other.when
                                : order < other.order;
    }
  };

  void note_next() {
    next_ = timers_.empty() ? never : timers_.begin()->when;
  }

  std::mutex mutex_;  // guards the fields below
  std::set<entry> timers_;
  std::uint64_t added_ = 0;
  std::atomic<std::int64_t> next_{never};  // written under mutex_
};

}  // namespace workbook::gmp
