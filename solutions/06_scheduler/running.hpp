// The beginning and the end of a run.
//
// Book: chapter 6, step 6.3. Given: nothing here is left to write.

#pragma once

#include <linux/membarrier.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "blocking.hpp"
#include "clock.hpp"
#include "idling.hpp"
#include "picking.hpp"
#include "poller.hpp"
#include "report.hpp"
#include "scheduler.hpp"
#include "switching.hpp"

namespace workbook::gmp {

inline scheduler::scheduler(options wanted)
    : wanted_(std::move(wanted)),
      stacks_(wanted_.stack_size),
      machine_events_(std::max<std::size_t>(wanted_.trace_events, 1)) {
  if (wanted_.stack_size % stack_pool::page != 0 ||
      wanted_.stack_size < 4 * stack_pool::page) {
    throw std::invalid_argument(
        "gmp::options::stack_size: a multiple of 4096, at least 16384");
  }
  if (wanted_.queue_limit < 2 ||
      wanted_.queue_limit > processor::queue_capacity) {
    throw std::invalid_argument(
        "gmp::options::queue_limit: from 2 to 256");
  }
  if (wanted_.processors < 0 || wanted_.processors > 1024) {
    throw std::invalid_argument(
        "gmp::options::processors: from 1 to 1024, or 0");
  }
  const int n =
      wanted_.processors > 0
          ? wanted_.processors
          : std::max(1, static_cast<int>(
                            std::thread::hardware_concurrency()));
  for (int i = 0; i < n; ++i) {
    processors_.push_back(
        std::make_unique<processor>(*this, i, n == 1, wanted_));
  }
}

inline scheduler::~scheduler() = default;

template <typename F>
std::vector<goroutine_info> scheduler::run(F main, spawn_place where) {
  if (here() != nullptr || std::exchange(started_, true)) {
    throw std::logic_error(
        "gmp::scheduler::run: once, and not by a goroutine");
  }
  machines_.push_back(std::make_unique<machine>(*this, 0));
  machine& m = *machines_.front();
  begin_run(m);
  goroutine& first = m.holds.load()->make_goroutine();
  first.started = where;
  first.name = "main";
  first.owner.store(goroutine::dropped);
  first.store([this, &main] {
    try {
      main();
    } catch (...) {
      main_failure_ = std::current_exception();
    }
    stop();
  });
  m.holds.load()->push(first);
  machine_loop(m);
  finish_run(m);
  std::vector<goroutine_info> left = end_run();
  if (deadlock_) {
    throw deadlock(*deadlock_);
  }
  if (main_failure_) {
    std::rethrow_exception(std::exchange(main_failure_, nullptr));
  }
  return left;
}

// The calling thread becomes machine 0 and gets processor 0.
inline void scheduler::begin_run(machine& m) {
  ::prctl(PR_SET_TIMERSLACK, 1);  // sleep to the nanosecond
  const bool may_retake = wanted_.monitor && !wanted_.virtual_clock;
  const bool fences =
      wanted_.plain_fences ||
      (may_retake &&
       ::syscall(SYS_membarrier,
                 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0);
  m.attention.store(fences ? machine::fence : 0);
  std::scoped_lock lock(mutex_);
  if (may_retake) {  // first, as it may throw
    monitor_ = std::thread([this] { monitor_loop(); });
  }
  m.adopt_thread();
  about_now_.store(now());
  for (std::size_t i = processors_.size(); i-- > 1;) {
    make_idle(*processors_[i]);
  }
  give(m, *processors_.front());
}

// Machines have nothing left to do but to end.
inline void scheduler::finish_run(machine& m) {
  for (;;) {
    std::thread ends;
    {
      std::scoped_lock lock(mutex_);
      for (const auto& each : machines_) {
        if (each->thread.joinable()) {
          ends = std::move(each->thread);
          break;
        }
      }
    }
    if (!ends.joinable()) {
      break;
    }
    ends.join();
  }
  if (monitor_.joinable()) {
    monitor_.join();
  }
  m.inside.store(true);
  machine_of_thread = nullptr;
}

// Lists what is left; what never ran is destroyed.
inline std::vector<goroutine_info> scheduler::end_run() {
  std::vector<goroutine_info> left = all_goroutines();
  for (const goroutine_info& each : left) {
    if (deadlock_) {
      break;  // which lists them
    }
    if (wanted_.on_leak) {
      wanted_.on_leak(each);
    } else {
      std::fprintf(stderr, "leak: %s\n", each.text().c_str());
    }
  }
  goroutines_.for_each([](goroutine& g) {
    if (g.on == nullptr && g.owner.load() != goroutine::ended) {
      g.run(g, goroutine::order::destroy);
    }
  });
  return left;
}

inline void scheduler::stop() {
  std::scoped_lock lock(mutex_);
  stop_all();
}

// The caller holds mutex_.
inline void scheduler::stop_all() {
  stopping_.store(true);
  for (const auto& each : processors_) {
    each->asked.store(request::stop);
  }
  for (const auto& each : machines_) {
    each->attention.fetch_or(machine::asked);
    each->wake.notify_all();
  }
  monitor_wake_.notify_all();
  if (poller* const sockets = poller_.load()) {
    sockets->interrupt();
  }
}

inline void scheduler::unjoined(std::exception_ptr error) {
  if (error == nullptr) {
    return;
  }
  if (!wanted_.on_error) {
    std::rethrow_exception(error);  // from where nobody catches it
  }
  wanted_.on_error(std::move(error));
}

inline void scheduler::advance(duration by) {
  const runtime_call inside;
  virtual_now_.fetch_add(by.count());
  run_due_timers(runtime_call::here_and_now());
  look_after_processors();
}

inline int scheduler::machines() const {
  std::scoped_lock lock(mutex_);
  return static_cast<int>(machines_.size());
}

inline bool scheduler::poll_descriptors(processor& p) {
  poller* const sockets = poller_.load();
  if (sockets == nullptr || sockets->waiting.load() == 0) {
    return false;
  }
  goroutine* const found = sockets->poll(0);
  p.push_all(found);
  return found != nullptr;
}

inline poller& scheduler::descriptors() {
  if (poller* const there = poller_.load()) {
    return *there;
  }
  std::scoped_lock lock(mutex_);
  if (own_poller_ == nullptr) {
    own_poller_ = std::make_unique<poller>();
    poller_.store(own_poller_.get());
    if (timekeeper_ != nullptr) {
      timekeeper_->wake.notify_one();  // to sleep in epoll from now on
    }
  }
  return *own_poller_;
}

inline void scheduler::note_apart(event_kind what, const machine* m,
                                  const processor* p,
                                  const goroutine* g) {
  if (wanted_.trace_events == 0) {
    return;
  }
  machine_events_.add(
      {.order = next_event_.fetch_add(1),
       .time = now(),
       .g = g == nullptr ? 0 : g->id,
       .m = static_cast<std::int16_t>(m == nullptr ? -1 : m->id),
       .p = static_cast<std::int16_t>(p == nullptr ? -1 : p->id),
       .kind = what});
}

inline std::vector<trace_event> scheduler::trace() {
  std::vector<trace_event> all;
  if (wanted_.trace_events > 0) {
    machine_events_.copy_to(all);
    for (const auto& each : processors_) {
      each->trace->copy_to(all);
    }
  }
  std::ranges::sort(all, {}, &trace_event::order);
  return all;
}

}  // namespace workbook::gmp
