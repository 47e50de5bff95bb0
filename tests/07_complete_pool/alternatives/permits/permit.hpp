// One thread waits for a permit, another gives it: what Java calls a
// parked thread. The lock of a permit is its own, so a thread of the
// pool sleeps without the pool's mutex, and takes that afterwards.

#pragma once

#include <condition_variable>
#include <mutex>

#include "thread_model.hpp"

namespace workbook {

template <thread_model Threads>
class permit {
 public:
  /// Lets the next, or the present, wait return.
  void give() {
    std::scoped_lock lock(mutex_);
    given_ = true;
    given_now_.notify_one();
  }

  /// Blocks until there is a permit, and takes it.
  void take() {
    std::unique_lock lock(mutex_);
    while (!given_) {
      given_now_.wait(lock);
    }
    given_ = false;
  }

  /// As take(), but gives up at `deadline`; whether it has one.
  bool take_until(typename Threads::clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    while (!given_) {
      if (given_now_.wait_until(lock, deadline) ==
              std::cv_status::timeout &&
          !given_) {
        return false;
      }
    }
    given_ = false;
    return true;
  }

 private:
  typename Threads::mutex mutex_;
  typename Threads::condition_variable given_now_;
  bool given_ = false;
};

}  // namespace workbook
