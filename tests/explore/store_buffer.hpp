// Stores that a thread has made and the others do not see yet.
//
// On x86 a store waits in its core's buffer while later loads of the
// same core already read memory (x86-TSO: Owens, Sarkar and Sewell,
// 2009). C++ allows it for every store weaker than seq_cst. Two
// threads that each store a flag and then load the other's may both
// read the old value; interleavings alone never show that.
//
// Invariants, whenever no hook is running:
//   (I1) Entries are in program order and leave from the front.
//   (I2) The owner's loads see its newest entry for the address; all
//        other threads see memory.
//   (I3) Nothing is buffered over a lock, a read-modify-write, a
//        seq_cst store or fence, a wait, or the end of the thread.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "vector_clock.hpp"

namespace explore {

struct buffered_store {
  void* address = nullptr;
  std::uint8_t size = 0;
  bool releases = false;  // publishes `published`
  std::uint64_t value = 0;
  vector_clock published;
};

class store_buffer {
 public:
  static constexpr std::size_t capacity = 8;

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == capacity; }

  /// Precondition: not full().
  void push(const buffered_store& entry) {
    entries_[(first_ + count_) % capacity] = entry;
    ++count_;
  }

  /// Precondition: not empty().
  const buffered_store& front() const { return entries_[first_]; }

  void pop() {
    first_ = (first_ + 1) % capacity;
    --count_;
  }

  /// The newest entry for `address`, or null.
  const buffered_store* newest(const void* address) const {
    for (std::size_t i = count_; i-- > 0;) {
      const buffered_store& entry = entries_[(first_ + i) % capacity];
      if (entry.address == address) {
        return &entry;
      }
    }
    return nullptr;
  }

  /// Whether any entry goes to [from, from + size).
  bool any_within(const void* from, std::size_t size) const {
    const auto* begin = static_cast<const char*>(from);
    for (std::size_t i = 0; i < count_; ++i) {
      const auto* address = static_cast<const char*>(
          entries_[(first_ + i) % capacity].address);
      if (address >= begin && address < begin + size) {
        return true;
      }
    }
    return false;
  }

 private:
  std::array<buffered_store, capacity> entries_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace explore
