// What the scheduler did: events in a ring per processor.
//
// Book: chapter 6, step 6.12. Given: nothing here is left to write.
// Model: Go's runtime/trace.go.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "spin_lock.hpp"

namespace workbook::gmp {

enum class event_kind : std::uint8_t {
  spawned,     ///< g was made by other, and is in a queue of p
  started,     ///< g runs for the first time
  resumed,     ///< g runs again
  yielded,     ///< g gave way; it is in a queue of p
  preempted,   ///< g was asked to, and is in the global queue
  parked,      ///< g waits, detail says for what
  readied,     ///< g may run: it is in a queue of p
  injected,    ///< g may run: it is in the global queue
  ended,       ///< g has ended
  overflowed,  ///< detail goroutines and g moved to the global queue
  fetched,     ///< g and detail more came from the global queue
  stolen,      ///< g and detail more came from processor `other`
  blocked,     ///< g is in a blocking call; m gives p away
  returned,    ///< g is back from it, on p
  retaken,     ///< the monitor took p from m, on which g runs
  slept,       ///< m sleeps, without a processor
  woke         ///< m has processor p
};

struct trace_event {
  std::uint64_t order = 0;  // events of one scheduler, in one order
  std::int64_t time = 0;    // nanoseconds of the scheduler's clock
  std::uint64_t g = 0;      // 0: none
  std::uint64_t other = 0;
  std::int16_t m = -1;
  std::int16_t p = -1;
  event_kind kind = event_kind::spawned;
  std::uint8_t detail = 0;
};

/// The last events of one processor. add is for its owner.
class trace_ring {
 public:
  explicit trace_ring(std::size_t capacity) : events_(capacity) {}

  void add(const trace_event& what) {
    std::scoped_lock lock(lock_);
    events_[added_++ % events_.size()] = what;
  }

  /// Appends the events that are kept to `all`. O(events).
  void copy_to(std::vector<trace_event>& all) {
    std::scoped_lock lock(lock_);
    const auto n = std::min(added_, events_.size());
    for (std::size_t i = added_ - n; i < added_; ++i) {
      all.push_back(events_[i % events_.size()]);
    }
  }

  /// Whether older events were overwritten.
  [[nodiscard]] bool lost_some() const {
    return added_ > events_.size();
  }

 private:
  spin_lock lock_;  // guards the fields below; uncontended as a rule
  std::vector<trace_event> events_;
  std::size_t added_ = 0;
};

}  // namespace workbook::gmp
