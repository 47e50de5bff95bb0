// The scavenger of an elastic pool: one thread that dismisses workers
// which have been idle for too long, from the cold end of the stack.
//
// Book: chapter 7, "The complete pool". Part of elastic_pool.hpp; its
// invariants are there.

#pragma once

#include "elastic_pool.hpp"

namespace workbook {

// Starts the scavenger of a generation. The caller of reboot holds
// mutex_; nobody else sees a pool that is being constructed.
template <thread_model Threads>
void elastic_pool<Threads>::start_scavenger() {
  if (options_.idle_timeout != std::chrono::nanoseconds::max()) {
    scavenger_ = Threads::spawn([this] { scavenge(); });
  }
}

// When an idle worker is to be pruned; the clock may end earlier.
template <thread_model Threads>
auto elastic_pool<Threads>::expiry(const worker& cold) const
    -> time_point {
  const auto left = time_point::max() - cold.idle_since;
  return options_.idle_timeout < left
             ? cold.idle_since + options_.idle_timeout
             : time_point::max();
}

// What the scavenger's thread does; holds no lock at first.
template <thread_model Threads>
void elastic_pool<Threads>::scavenge() {
  lock_type lock(mutex_);
  while (life_ == life::open) {
    if (idle_.empty() ||
        alive() - leaving_.size() <= options_.min_workers) {
      scavenger_rests_ = true;
      changed_.wait(lock);
      continue;
    }
    const time_point expires = expiry(idle_.front());
    if (clock::now() < expires) {
      changed_.wait_until(lock, expires);
    } else {
      dismiss(idle_, idle_.begin());
      ++counts_.pruned;
    }
  }
}

}  // namespace workbook
