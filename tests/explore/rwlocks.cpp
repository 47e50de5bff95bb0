// The models of reader-writer locks and of spin locks.
//
//   pthread_rwlock_t    __data.__readers: readers; __cur_writer: the
//                       writer's id + 1.
//   pthread_spinlock_t  the holder's id + 1, or 0.
//
// Book: appendix "How the explorer works", section One at a time.

#include <cerrno>

#include "hooks.hpp"

using namespace explore;

extern "C" {

// ---- Reader-writer locks -----------------------------------------

namespace {

/// The deadline of a lock that is only tried.
constexpr instant at_once = -1;

/// Readers and the writer publish separately: a reader learns from the
/// last writer, a writer from all readers as well.
const void* readers_side(const pthread_rwlock_t* lock) {
  return reinterpret_cast<const char*>(lock) + 4;
}

int lock_shared_until(pthread_rwlock_t* lock, instant deadline) {
  schedule& running = current_schedule();
  if (deadline == at_once &&
      (lock->__data.__cur_writer != 0 || running.fails_spuriously())) {
    return EBUSY;
  }
  while (lock->__data.__cur_writer != 0) {
    if (!running.wait(reason::rwlock, lock, deadline) &&
        lock->__data.__cur_writer != 0) {
      return ETIMEDOUT;
    }
  }
  ++lock->__data.__readers;
  ++schedule::self()->locks;
  running.acquire(lock);
  return 0;
}

int lock_exclusive_until(pthread_rwlock_t* lock, instant deadline) {
  schedule& running = current_schedule();
  const auto held = [lock] {
    return lock->__data.__cur_writer != 0 ||
           lock->__data.__readers != 0;
  };
  if (deadline == at_once && (held() || running.fails_spuriously())) {
    return EBUSY;
  }
  while (held()) {
    if (!running.wait(reason::rwlock, lock, deadline) && held()) {
      return ETIMEDOUT;
    }
  }
  lock->__data.__cur_writer = schedule::self()->id + 1;
  ++schedule::self()->locks;
  running.acquire(lock);
  running.acquire(readers_side(lock));
  return 0;
}

int begin_shared(pthread_rwlock_t* lock, instant deadline,
                 const void* caller) {
  schedule& running = current_schedule();
  running.announce(operation::lock_shared, lock, caller);
  if (deadline != at_once) {
    running.begin_timed_wait(deadline);
  }
  return lock_shared_until(lock, deadline);
}

int begin_exclusive(pthread_rwlock_t* lock, instant deadline,
                    const void* caller) {
  schedule& running = current_schedule();
  running.announce(operation::lock, lock, caller);
  if (deadline != at_once) {
    running.begin_timed_wait(deadline);
  }
  return lock_exclusive_until(lock, deadline);
}

}  // namespace

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_rdlock, lock);
  return begin_shared(lock, never, EXPLORE_CALLER);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_tryrdlock, lock);
  return begin_shared(lock, at_once, EXPLORE_CALLER);
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock,
                               const timespec* until) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_clockrdlock, lock, clock, until);
  return begin_shared(lock, instant_of(clock, until), EXPLORE_CALLER);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock,
                               const timespec* until) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_timedrdlock, lock, until);
  return begin_shared(lock, instant_of(CLOCK_REALTIME, until),
                      EXPLORE_CALLER);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_wrlock, lock);
  return begin_exclusive(lock, never, EXPLORE_CALLER);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_trywrlock, lock);
  return begin_exclusive(lock, at_once, EXPLORE_CALLER);
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                               const timespec* until) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_clockwrlock, lock, clock, until);
  return begin_exclusive(lock, instant_of(clock, until),
                         EXPLORE_CALLER);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock,
                               const timespec* until) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_timedwrlock, lock, until);
  return begin_exclusive(lock, instant_of(CLOCK_REALTIME, until),
                         EXPLORE_CALLER);
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_unlock, lock);
  running.announce(operation::unlock, lock, EXPLORE_CALLER);
  if (lock->__data.__cur_writer == me.id + 1) {
    lock->__data.__cur_writer = 0;
    running.release(lock);
  } else if (lock->__data.__readers > 0) {
    --lock->__data.__readers;
    running.release(readers_side(lock));
  } else {
    running.fail(ending::misuse,
                 "a thread unlocks a reader-writer lock that it does "
                 "not hold");
  }
  --me.locks;
  running.wake(reason::rwlock, lock);
  return 0;
}

// ---- Spin locks ----------------------------------------------------

int pthread_spin_init(pthread_spinlock_t* lock, int shared) noexcept {
  EXPLORE_ELSE_REAL(pthread_spin_init, lock, shared);
  *lock = 0;  // free; else the holder's id + 1
  return 0;
}

int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_spin_lock, lock);
  running.announce(operation::lock, const_cast<int*>(lock),
                   EXPLORE_CALLER);
  while (*lock != 0) {
    running.wait(reason::futex, const_cast<int*>(lock));
  }
  *lock = me.id + 1;
  running.acquire(const_cast<int*>(lock));
  return 0;
}

int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_spin_trylock, lock);
  running.announce(operation::try_lock, const_cast<int*>(lock),
                   EXPLORE_CALLER);
  if (*lock > 0) {
    return EBUSY;
  }
  *lock = me.id + 1;
  running.acquire(const_cast<int*>(lock));
  return 0;
}

int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_spin_unlock, lock);
  running.announce(operation::unlock, const_cast<int*>(lock),
                   EXPLORE_CALLER);
  running.release(const_cast<int*>(lock));
  *lock = 0;
  running.wake(reason::futex, const_cast<int*>(lock));
  return 0;
}

}  // extern "C"
