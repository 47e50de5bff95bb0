// Which descriptors are ready: one epoll set per scheduler.
//
// Book: chapter 6, step 6.12. Model: Go's runtime/netpoll.go: each
// descriptor is registered once, edge-triggered, and remembers what it
// was reported ready for.

#pragma once

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <mutex>
#include <system_error>
#include <vector>

#include "goroutine.hpp"
#include "spin_lock.hpp"
#include "timer_heap.hpp"
#include "waiting.hpp"

namespace workbook::gmp {

/// One descriptor that goroutines may wait for.
struct watched {
  struct side {
    bool ready = false;  // reported, and nobody has waited since
    waiter* waiting = nullptr;
  };

  spin_lock lock;  // guards the fields below
  side input;
  side output;
};

/// The descriptors of a scheduler. Thread safety: any member from any
/// thread.
class poller {
 public:
  poller() : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    bell_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (set_ < 0 || bell_ < 0) {
      throw std::system_error(errno, std::generic_category(),
                              "gmp: epoll");
    }
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = nullptr}};
    ::epoll_ctl(set_, EPOLL_CTL_ADD, bell_, &event);
  }
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;
  ~poller() {
    ::close(bell_);
    ::close(set_);
  }

  /// Watches `descriptor` until forget. Throws std::system_error if it
  /// cannot be waited for (a regular file).
  watched& watch(int descriptor) {
    watched* made = nullptr;
    {
      std::scoped_lock lock(lock_);
      if (free_.empty()) {
        all_.emplace_back();
        free_.push_back(&all_.back());
      }
      made = free_.back();
      free_.pop_back();
    }
    made->input = {};
    made->output = {};
    epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data = {.ptr = made}};
    if (::epoll_ctl(set_, EPOLL_CTL_ADD, descriptor, &event) != 0) {
      const int error = errno;
      put_back(*made);
      throw std::system_error(error, std::generic_category(),
                              "gmp: epoll_ctl");
    }
    return *made;
  }

  /// The descriptor is about to be closed; nobody waits for it.
  void forget(int descriptor, watched& what) {
    ::epoll_ctl(set_, EPOLL_CTL_DEL, descriptor, nullptr);
    put_back(what);
  }

  /// Blocks until a descriptor is ready, interrupt is called, or
  /// `nanoseconds` have passed: not at all for 0, without limit for
  /// timer_heap::never. Returns the goroutines to run, as a list.
  goroutine* poll(std::int64_t nanoseconds) {
    std::array<epoll_event, 128> events;
    const int n = ::epoll_wait(set_, events.data(),
                               static_cast<int>(events.size()),
                               milliseconds(nanoseconds));
    goroutine* first = nullptr;
    goroutine** end = &first;
    for (int i = 0; i < n; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        std::uint64_t rung = 0;
        [[maybe_unused]] const auto got =
            ::read(bell_, &rung, sizeof(rung));
        continue;
      }
      auto& what = *static_cast<watched*>(event.data.ptr);
      const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
      std::scoped_lock lock(what.lock);
      if (broken || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0) {
        end = report(what.input, end);
      }
      if (broken || (event.events & EPOLLOUT) != 0) {
        end = report(what.output, end);
      }
    }
    *end = nullptr;
    return first;
  }

  /// Ends a poll that blocks.
  void interrupt() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written =
        ::write(bell_, &one, sizeof(one));
  }

  /// How many goroutines wait for a descriptor.
  std::atomic<int> waiting{0};

 private:
  // epoll's unit; rounded up, so that no timer is found not yet due.
  static int milliseconds(std::int64_t nanoseconds) {
    if (nanoseconds == timer_heap::never) {
      return -1;
    }
    return static_cast<int>(std::min<std::int64_t>(
        (nanoseconds + 999'999) / 1'000'000, 1'000'000));
  }

  // Notes that a side is ready, or wakes the goroutine that waits.
  static goroutine** report(watched::side& which, goroutine** end) {
    waiter* const w = std::exchange(which.waiting, nullptr);
    which.ready = w == nullptr || !w->claim();
    if (!which.ready) {
      *end = w->g;
      end = &w->g->next;
    }
    return end;
  }

  void put_back(watched& what) {
    std::scoped_lock lock(lock_);
    free_.push_back(&what);
  }

  const int set_;
  int bell_;
  spin_lock lock_;           // guards the fields below
  std::deque<watched> all_;  // stay where they are: see forget
  std::vector<watched*> free_;
};

}  // namespace workbook::gmp
