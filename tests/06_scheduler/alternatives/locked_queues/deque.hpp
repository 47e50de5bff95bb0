// A work-stealing deque: a std::deque under a mutex.
//
// An alternative: owner and thief take turns at the same lock.

#pragma once

#include <cstdint>
#include <deque>
#include <mutex>

namespace workbook::gmp {

template <typename T, std::int64_t Capacity>
class deque {
 public:
  [[nodiscard]] bool push(T* entry, std::int64_t limit = Capacity) {
    const std::scoped_lock lock(mutex_);
    if (static_cast<std::int64_t>(entries_.size()) >= limit) {
      return false;
    }
    entries_.push_back(entry);
    return true;
  }

  T* pop() {
    const std::scoped_lock lock(mutex_);
    if (entries_.empty()) {
      return nullptr;
    }
    T* const youngest = entries_.back();
    entries_.pop_back();
    return youngest;
  }

  T* steal() {
    const std::scoped_lock lock(mutex_);
    if (entries_.empty()) {
      return nullptr;
    }
    T* const oldest = entries_.front();
    entries_.pop_front();
    return oldest;
  }

  [[nodiscard]] std::int64_t size() const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::int64_t>(entries_.size());
  }

 private:
  mutable std::mutex mutex_;  // guards entries_
  std::deque<T*> entries_;
};

}  // namespace workbook::gmp
