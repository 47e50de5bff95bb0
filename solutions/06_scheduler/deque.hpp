// A work-stealing deque: the owner's end is last in, first out.
//
// Book: chapter 6, bonus step 6.15. Model: Chase and Lev, "Dynamic
// circular work-stealing deque" (2005), with the memory orders of Lê,
// Pop, Cohen and Zappa Nardelli (2013); bounded here.
//
// Invariants:
//   (I1) The entries are those of indices top_ … bottom_ - 1.
//   (I2) bottom_ is written by the owner only; top_ only grows. Who
//        takes the last entry, owner or thief, moves top_.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

//@ #include "grading/todo.hpp"

namespace workbook::gmp {

/// A bounded stack of pointers for its owner, from whose other end any
/// thread may steal. No call blocks. Everything is O(1).
template <typename T, std::int64_t Capacity>
class deque {
  static_assert((Capacity & (Capacity - 1)) == 0,
                "deque: indices wrap around at a power of two");

 public:
  /// Adds `entry` at the owner's end; false if there are `limit`
  /// entries. Owner only.
  [[nodiscard]] bool push(T* entry, std::int64_t limit = Capacity) {
    // [6.15 push]
    //@ return todo<bool>("6.15", entry, limit);
    // relaxed: only the owner writes bottom_.
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    // pairs with steal: the slot has been read.
    if (bottom - top_.load(std::memory_order_acquire) >= limit) {
      return false;
    }
    // relaxed: the store of bottom_ publishes it.
    slot(bottom).store(entry, std::memory_order_relaxed);
    // pairs with steal: the slot, and what it points to.
    bottom_.store(bottom + 1, std::memory_order_release);
    return true;
    // [6.15 push]
  }

  /// Removes the youngest entry; null if there is none. Owner only.
  T* pop() {
    // [6.15 pop]
    //@ return todo<T*>("6.15");
    // relaxed: only the owner writes bottom_; and top_ only
    // grows, so a deque that was empty is empty now, too.
    const auto bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (bottom < top_.load(std::memory_order_relaxed)) {
      return nullptr;
    }
    bottom_.store(bottom);
    auto top = top_.load();  // seq_cst with the store: see steal
    T* entry = nullptr;
    if (top <= bottom) {
      // relaxed: the owner wrote it.
      entry = slot(bottom).load(std::memory_order_relaxed);
      if (top < bottom) {
        return entry;
      }
      if (!top_.compare_exchange_strong(top, top + 1)) {
        entry = nullptr;
      }
    }
    // relaxed: it publishes no entry. top_ has passed the last
    // one, so a thief that reads it takes nothing.
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return entry;
    // [6.15 pop]
  }

  /// Removes the oldest entry; null if there is none, or if another
  /// thread was faster. Any thread.
  T* steal() {
    // [6.15 steal]
    //@ return todo<T*>("6.15");
    // In this order, and seq_cst as the store of bottom_ and the
    // load of top_ in pop: of owner and thief, one sees the
    // other's claim.
    auto top = top_.load();
    if (top >= bottom_.load()) {
      return nullptr;
    }
    // relaxed: bottom_ has published it. If the owner has reused
    // the slot, top_ has moved, and the claim fails.
    T* const entry = slot(top).load(std::memory_order_relaxed);
    if (!top_.compare_exchange_strong(top, top + 1)) {
      return nullptr;
    }
    return entry;
    // [6.15 steal]
  }

  /// How many entries there were a moment ago.
  [[nodiscard]] std::int64_t size() const {
    const auto top = top_.load();
    const auto n = bottom_.load() - top;
    return n < 0 ? 0 : n;
  }

 private:
  std::atomic<T*>& slot(std::int64_t index) {
    return slots_[static_cast<std::size_t>(index) % Capacity];
  }

  alignas(64) std::atomic<std::int64_t> top_{0};
  alignas(64) std::atomic<std::int64_t> bottom_{0};
  std::atomic<T*> slots_[Capacity] = {};
};

}  // namespace workbook::gmp
