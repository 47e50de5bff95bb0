// The model of mutexes.
//
// The state lives in the C library's own objects, whose static
// initialisers are all zero: an object that nobody locked is free.
//   pthread_mutex_t   __data.__lock: 1 held; __owner: holder's id + 1;
//                     __count: further locks of a recursive holder.
// A thread that finds a lock held waits for it and looks again; an
// unlock wakes all waiters, and whoever runs first gets it. (The C++
// standard promises no order either.)
//
// Book: appendix "How the explorer works", section One at a time.

#include "locks.hpp"

#include <cerrno>

#include "hooks.hpp"

namespace {

using namespace explore;

bool is_recursive(const pthread_mutex_t& mutex) {
  return (mutex.__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE_NP;
}

void take(pthread_mutex_t* mutex) {
  thread& me = *schedule::self();
  mutex->__data.__lock = 1;
  mutex->__data.__owner = me.id + 1;
  ++me.locks;
  current_schedule().acquire(mutex);
}

/// Acquires, or says at the deadline that it could not (ETIMEDOUT).
int lock_until(pthread_mutex_t* mutex, instant deadline) {
  schedule& running = current_schedule();
  const int own = schedule::self()->id + 1;
  if (mutex->__data.__lock != 0 && mutex->__data.__owner == own) {
    if (is_recursive(*mutex)) {
      ++mutex->__data.__count;
      return 0;
    }
    if (deadline == never) {
      running.fail(ending::misuse,
                   "a thread locks a mutex that it holds already: it "
                   "waits for itself");
    }
  }
  while (mutex->__data.__lock != 0) {
    if (!running.wait(reason::lock, mutex, deadline) &&
        mutex->__data.__lock != 0) {
      return ETIMEDOUT;
    }
  }
  take(mutex);
  return 0;
}

int lock_timed(pthread_mutex_t* mutex, clockid_t clock,
               const timespec* until) {
  const instant deadline = instant_of(clock, until);
  current_schedule().begin_timed_wait(deadline);
  if (!is_valid(until) && mutex->__data.__lock != 0) {
    return EINVAL;
  }
  return lock_until(mutex, deadline);
}

}  // namespace

namespace explore {

void lock_after_wait(pthread_mutex_t* mutex) {
  lock_until(mutex, never);
}

void unlock(pthread_mutex_t* mutex) {
  schedule& running = current_schedule();
  thread& me = *schedule::self();
  if (mutex->__data.__lock == 0) {
    running.fail(ending::misuse,
                 "a thread unlocks a mutex that nobody holds");
  }
  if (mutex->__data.__owner != me.id + 1) {
    running.fail(ending::misuse,
                 "a thread unlocks a mutex that another one holds");
  }
  running.release(mutex);
  mutex->__data.__lock = 0;
  mutex->__data.__owner = 0;
  --me.locks;
  running.wake(reason::lock, mutex);
}

}  // namespace explore

extern "C" {

// ---- Mutexes -----------------------------------------------------

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_lock, mutex);
  running.announce(operation::lock, mutex, EXPLORE_CALLER);
  return lock_until(mutex, never);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_trylock, mutex);
  running.announce(operation::try_lock, mutex, EXPLORE_CALLER);
  if (running.fails_spuriously()) {
    return EBUSY;
  }
  const bool mine = mutex->__data.__owner == me.id + 1;
  if (mutex->__data.__lock != 0 && !(mine && is_recursive(*mutex))) {
    return EBUSY;
  }
  return lock_until(mutex, 0);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                            const timespec* until) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_clocklock, mutex, clock, until);
  running.announce(operation::lock, mutex, EXPLORE_CALLER);
  return lock_timed(mutex, clock, until);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex,
                            const timespec* until) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_timedlock, mutex, until);
  running.announce(operation::lock, mutex, EXPLORE_CALLER);
  return lock_timed(mutex, CLOCK_REALTIME, until);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_unlock, mutex);
  running.announce(operation::unlock, mutex, EXPLORE_CALLER);
  if (is_recursive(*mutex) && mutex->__data.__owner == me.id + 1 &&
      mutex->__data.__count > 0) {
    --mutex->__data.__count;
    return 0;
  }
  explore::unlock(mutex);
  return 0;
}

int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_destroy, mutex);
  if (mutex->__data.__lock != 0) {
    running.fail(ending::misuse,
                 "a mutex is destroyed while it is held");
  }
  return 0;
}

}  // extern "C"
