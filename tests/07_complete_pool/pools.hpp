// What the tests of this chapter share: the pool on the threads of the
// operating system, and the words of its results.

#pragma once

#include <atomic>
#include <ostream>
#include <thread>
#include <utility>

#include "elastic_pool.hpp"
#include "explore/explore.hpp"

namespace workbook {

using pool = elastic_pool<os_threads>;

inline void PrintTo(submit_result result, std::ostream* out) {
  switch (result) {
    case submit_result::accepted:
      *out << "accepted";
      return;
    case submit_result::closed:
      *out << "closed";
      return;
    case submit_result::overloaded:
      *out << "overloaded";
      return;
    case submit_result::cancelled:
      *out << "cancelled";
      return;
  }
  *out << "no submit_result";
}

// How many run at this moment, and how many did at most.
struct headcount {
  void enter() {
    const int now = ++inside;
    for (int seen = most; now > seen;) {
      most.compare_exchange_weak(seen, now);
    }
  }
  void leave() { --inside; }

  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
};

// Submits a task that holds a worker until `gate` opens, and returns
// when it runs.
inline void occupy(pool& busy, explore::gate& gate) {
  explore::gate running;
  (void)busy.submit([&] {
    running.open();
    gate.wait();
  });
  running.wait();
}

}  // namespace workbook
