// The resource of the tests: it counts itself, and notes whether the
// pool held a lock when it was made or destroyed.

#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "explore/explore.hpp"
#include "resource_pool.hpp"

namespace workbook {

/// What all things of one test have in common. A test that sets the
/// functions does so before other threads use the pool.
struct census {
  std::atomic<int> made = 0;
  std::atomic<int> alive = 0;
  std::atomic<int> most = 0;   // that were alive at once
  std::atomic<int> locks = 0;  // held when one was made or destroyed
  std::function<void()> at_birth;  // called by the factory, first
  std::function<void()> at_death;  // called by the destructor, first
};

class thing {
 public:
  explicit thing(census& counts) : id(++counts.made), counts_(counts) {
    const int alive = ++counts_.alive;
    int most = counts_.most;
    while (most < alive &&
           !counts_.most.compare_exchange_weak(most, alive)) {
    }
  }
  thing(const thing&) = delete;
  thing& operator=(const thing&) = delete;
  ~thing() {
    counts_.locks += explore::locks_held();
    if (counts_.at_death) {
      counts_.at_death();
    }
    --counts_.alive;
  }

  const int id;  // 1, 2, … in the order of their making

 private:
  census& counts_;
};

using things = resource_pool<thing>;

/// Options for a pool of things, at most `capacity`.
inline resource_pool_options<thing> of(census& counts,
                                       std::size_t capacity) {
  return {.capacity = capacity, .factory = [&counts] {
            counts.locks += explore::locks_held();
            if (counts.at_birth) {
              counts.at_birth();
            }
            return std::make_unique<thing>(counts);
          }};
}

}  // namespace workbook
