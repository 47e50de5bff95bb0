// The local run queue: an array under a mutex.
//
// An alternative: no order weaker than a lock's anywhere.

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>

namespace workbook::gmp {

inline std::uint32_t how_many_to_steal(std::uint32_t n) {
  return (n + 1) / 2;
}

template <typename T, std::uint32_t Capacity>
class ring {
 public:
  explicit ring(std::uint32_t limit = Capacity) : limit_(limit) {}

  [[nodiscard]] bool push(T* entry) {
    const std::scoped_lock lock(mutex_);
    if (entries_.size() == limit_) {
      return false;
    }
    entries_.push_back(entry);
    return true;
  }

  T* pop() {
    T* oldest = nullptr;
    const std::scoped_lock lock(mutex_);
    (void)take(&oldest, 1);
    return oldest;
  }

  std::uint32_t take_half(T** out, std::uint32_t least = 1) {
    const std::scoped_lock lock(mutex_);
    const auto there = static_cast<std::uint32_t>(entries_.size());
    return there < least ? 0 : take(out, how_many_to_steal(there));
  }

  [[nodiscard]] std::uint32_t size() const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::uint32_t>(entries_.size());
  }

  [[nodiscard]] std::uint32_t limit() const { return limit_; }

 private:
  // Moves the `n` oldest, as far as there are so many, into `out`.
  std::uint32_t take(T** out, std::uint32_t n) {
    n = std::min(n, static_cast<std::uint32_t>(entries_.size()));
    for (std::uint32_t i = 0; i < n; ++i) {
      out[i] = entries_.front();
      entries_.pop_front();
    }
    return n;
  }

  const std::uint32_t limit_;
  mutable std::mutex mutex_;  // guards entries_
  std::deque<T*> entries_;
};

}  // namespace workbook::gmp
