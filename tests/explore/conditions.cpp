// The model of condition variables.
//
// A wait releases the mutex and waits in one step, so no notify falls
// between the two; a notify wakes a thread that waits at that moment and is
// otherwise lost. Which waiter notify_one wakes is the strategy's
// choice, and now and then a wait returns without a notify, as the
// standard allows. A notify reads the condition variable's memory and
// its destruction writes there: a notify that nothing orders before the
// destruction is a race, although it may wake nobody.
//
// Book: appendix "How the explorer works", section One at a time.

#include <cerrno>

#include "hooks.hpp"
#include "locks.hpp"
#include "shadow.hpp"

namespace {

using namespace explore;

/// pthread_cond_init keeps the attribute's clock in this bit.
clockid_t clock_of(const pthread_cond_t& condition) {
  constexpr unsigned monotonic = 2;
  return (condition.__data.__wrefs & monotonic) != 0 ? CLOCK_MONOTONIC
                                                     : CLOCK_REALTIME;
}

int wait_until(pthread_cond_t* condition, pthread_mutex_t* mutex,
               instant deadline, const void* caller) {
  schedule& running = current_schedule();
  running.announce(operation::wait, condition, caller);
  running.begin_timed_wait(deadline);
  unlock(mutex);
  bool notified = true;
  if (running.wakes_spuriously()) {
    running.announce(operation::yield, condition, caller);
  } else {
    notified = running.wait(reason::condition, condition, deadline);
  }
  lock_after_wait(mutex);
  return notified ? 0 : ETIMEDOUT;
}

}  // namespace

extern "C" {

int pthread_cond_wait(pthread_cond_t* condition,
                      pthread_mutex_t* mutex) {
  EXPLORE_ELSE_REAL(pthread_cond_wait, condition, mutex);
  return wait_until(condition, mutex, never, EXPLORE_CALLER);
}

int pthread_cond_clockwait(pthread_cond_t* condition,
                           pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  EXPLORE_ELSE_REAL(pthread_cond_clockwait, condition, mutex, clock,
                    until);
  if (!is_valid(until)) {
    return EINVAL;
  }
  return wait_until(condition, mutex, instant_of(clock, until),
                    EXPLORE_CALLER);
}

int pthread_cond_timedwait(pthread_cond_t* condition,
                           pthread_mutex_t* mutex,
                           const timespec* until) {
  EXPLORE_ELSE_REAL(pthread_cond_timedwait, condition, mutex, until);
  if (!is_valid(until)) {
    return EINVAL;
  }
  return wait_until(condition, mutex,
                    instant_of(clock_of(*condition), until),
                    EXPLORE_CALLER);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  EXPLORE_ELSE_REAL(pthread_cond_signal, condition);
  running.announce(operation::notify_one, condition, EXPLORE_CALLER);
  note_access(condition, 1, access_kind::use, EXPLORE_CALLER);
  running.wake(reason::condition, condition, 1);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  EXPLORE_ELSE_REAL(pthread_cond_broadcast, condition);
  running.announce(operation::notify_all, condition, EXPLORE_CALLER);
  note_access(condition, 1, access_kind::use, EXPLORE_CALLER);
  running.wake(reason::condition, condition);
  return 0;
}

int pthread_cond_destroy(pthread_cond_t* condition) noexcept {
  EXPLORE_ELSE_REAL(pthread_cond_destroy, condition);
  if (running.count_waiting(reason::condition, condition) > 0) {
    running.fail(ending::misuse,
                 "a condition variable is destroyed while a thread "
                 "waits on it");
  }
  note_access(condition, sizeof *condition, access_kind::destroy,
              EXPLORE_CALLER);
  return 0;
}

}  // extern "C"
