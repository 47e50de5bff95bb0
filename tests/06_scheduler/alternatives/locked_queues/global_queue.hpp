// The global run queue: a std::deque under a mutex.
//
// An alternative: the queue owns its order, and `next` is used for the
// lists that come in and go out only.

#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>

#include "goroutine.hpp"

namespace workbook::gmp {

inline std::size_t fair_share(std::size_t n, std::size_t processors,
                              std::size_t most) {
  const std::size_t share = n / processors + 1;
  return std::min(share, std::min(n, most));
}

class global_queue {
 public:
  void push(goroutine& first, goroutine& last, std::size_t n) {
    last.next = nullptr;
    const std::scoped_lock lock(mutex_);
    goroutine* each = &first;
    for (std::size_t i = 0; i < n; ++i) {
      entries_.push_back(each);
      each = each->next;
    }
  }

  void push(goroutine& one) { push(one, one, 1); }

  goroutine* pop(std::size_t n = 1) {
    const std::scoped_lock lock(mutex_);
    goroutine* first = nullptr;
    goroutine** end = &first;
    for (n = std::min(n, entries_.size()); n > 0; --n) {
      *end = entries_.front();
      end = &(*end)->next;
      entries_.pop_front();
    }
    *end = nullptr;
    return first;
  }

  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
  }

 private:
  mutable std::mutex mutex_;  // guards entries_
  std::deque<goroutine*> entries_;
};

}  // namespace workbook::gmp
