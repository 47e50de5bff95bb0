// The local run queue: a ring that its owner fills and all may empty.
//
// Book: chapter 6, steps 6.4 and 6.10. Document: 004 (LRQ). Model: Go's
// runqput, runqget and runqgrab; tokio's queue.rs.
//
// Invariants:
//   (I1) tail_ is written by the owner only; head_ only grows, and only
//        by compare-and-swap: an entry belongs to whoever moved head_
//        past it.
//   (I2) 0 <= tail_ - head_ <= limit_ <= Capacity (modulo 2^32).
//   (I3) A slot is written again only after head_ has passed it.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

//@ #include "grading/todo.hpp"

namespace workbook::gmp {

/// How many of `n` entries a thief takes: half, rounded up, so that one
/// is not nothing. Pure.
inline std::uint32_t how_many_to_steal(std::uint32_t n) {
  // [6.10 how many]
  //@ return todo<std::uint32_t>("6.10", n);
  return n - n / 2;
  // [6.10 how many]
}

/// A bounded queue of pointers, first in, first out. push is for the
/// owner; pop, take_half and size are for any thread. No call blocks;
/// pop and take_half try again if another thread was faster.
template <typename T, std::uint32_t Capacity>
class ring {
  static_assert((Capacity & (Capacity - 1)) == 0,
                "ring: indices wrap around at a power of two");

 public:
  /// Full at `limit` entries, at most Capacity.
  explicit ring(std::uint32_t limit = Capacity) : limit_(limit) {}

  /// Appends `entry`; false if the ring is full. Owner only. O(1).
  [[nodiscard]] bool push(T* entry) {
    // [6.4 push]
    //@ return todo<bool>("6.4", entry);
    // relaxed: only the owner writes tail_.
    const auto tail = tail_.load(std::memory_order_relaxed);
    // pairs with pop and take_half: the slot has been read.
    if (tail - head_.load(std::memory_order_acquire) >= limit_) {
      return false;
    }
    // relaxed: the store of tail_ publishes it.
    slot(tail).store(entry, std::memory_order_relaxed);
    // pairs with pop and take_half: the slot, what it points to.
    tail_.store(tail + 1, std::memory_order_release);
    return true;
    // [6.4 push]
  }

  /// Removes the oldest entry; null if there is none. O(1) if no other
  /// thread interferes.
  T* pop() {
    // [6.4 pop]
    //@ return todo<T*>("6.4");
    // pairs with the other pops: whoever moved head_ is done.
    auto head = head_.load(std::memory_order_acquire);
    for (;;) {
      // pairs with push: the slot, and what it points to.
      if (head == tail_.load(std::memory_order_acquire)) {
        return nullptr;
      }
      // relaxed: tail_ has published it; if the owner has reused
      // the slot, head_ has moved, and the claim fails.
      T* const entry = slot(head).load(std::memory_order_relaxed);
      if (head_.compare_exchange_weak(head, head + 1)) {
        return entry;
      }
    }
    // [6.4 pop]
  }

  /// Removes how_many_to_steal of the entries, the oldest, into `out`,
  /// which has room for half of Capacity and one more; returns how
  /// many. Nothing if there are fewer than `least`, or none.
  std::uint32_t take_half(T** out, std::uint32_t least = 1) {
    // [6.10 take_half]
    //@[6.4] // Serves the overflow on one processor: nobody interferes.
    //@[6.4] (void)least;
    //@[6.4] std::uint32_t n = (size() + 1) / 2;
    //@[6.4] for (std::uint32_t i = 0; i < n; ++i) {
    //@[6.4]   out[i] = pop();
    //@[6.4] }
    //@[6.4] return n;
    //@ return todo<std::uint32_t>("6.10", out, least);
    // pairs with the other pops: whoever moved head_ is done.
    auto head = head_.load(std::memory_order_acquire);
    for (;;) {
      // pairs with push: the slots, and what they point to.
      const auto tail = tail_.load(std::memory_order_acquire);
      const std::uint32_t there = tail - head;
      if (there > limit_) {  // head is too old to be true
        // pairs with the other pops: as above.
        head = head_.load(std::memory_order_acquire);
        continue;
      }
      if (there == 0 || there < least) {
        return 0;
      }
      const std::uint32_t n = how_many_to_steal(there);
      for (std::uint32_t i = 0; i < n; ++i) {
        // relaxed: as in pop.
        out[i] = slot(head + i).load(std::memory_order_relaxed);
      }
      if (head_.compare_exchange_weak(head, head + n)) {
        return n;
      }
    }
    // [6.10 take_half]
  }

  /// How many entries there were a moment ago; exact for the owner if
  /// nobody steals. seq_cst: an idle machine relies on it (see
  /// scheduler::sleep).
  [[nodiscard]] std::uint32_t size() const {
    const auto head = head_.load();
    const auto tail = tail_.load();
    return tail - head > limit_ ? 0 : tail - head;
  }

  [[nodiscard]] std::uint32_t limit() const { return limit_; }

 private:
  std::atomic<T*>& slot(std::uint32_t index) {
    return slots_[index % Capacity];
  }

  alignas(64) std::atomic<std::uint32_t> head_{0};
  alignas(64) std::atomic<std::uint32_t> tail_{0};
  const std::uint32_t limit_;
  std::atomic<T*> slots_[Capacity] = {};
};

}  // namespace workbook::gmp
