// Models of mutexes, reader-writer locks, spin locks and once flags.
//
// The state lives in the C library's own objects, whose static
// initialisers are all zero: an object that nobody locked is free.
//   pthread_mutex_t   __data.__lock: 1 held; __owner: holder's id + 1;
//                     __count: further locks of a recursive holder.
//   pthread_rwlock_t  __data.__readers: readers; __cur_writer: id + 1.
//   pthread_once_t    0 never called, 1 running, 2 done.
// A thread that finds a lock held waits for it and looks again; an
// unlock wakes all who wait, and whoever runs first gets it. (The C++
// standard promises no order either.)
//
// Book: appendix "How the explorer works", section Models.

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
  running.drain();
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
  running.drain();
  return lock_until(mutex, never);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_trylock, mutex);
  running.announce(operation::try_lock, mutex, EXPLORE_CALLER);
  running.drain();
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
  running.drain();
  return lock_until(mutex, instant_of(clock, until));
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex,
                            const timespec* until) noexcept {
  EXPLORE_ELSE_REAL(pthread_mutex_timedlock, mutex, until);
  running.announce(operation::lock, mutex, EXPLORE_CALLER);
  running.drain();
  return lock_until(mutex, instant_of(CLOCK_REALTIME, until));
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

// ---- Reader-writer locks -----------------------------------------

namespace {

/// Readers and the writer publish separately: a reader learns from the
/// last writer, a writer from all readers as well.
const void* readers_side(const pthread_rwlock_t* lock) {
  return reinterpret_cast<const char*>(lock) + 4;
}

int lock_shared_until(pthread_rwlock_t* lock, instant deadline) {
  schedule& running = current_schedule();
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
  running.drain();
  return lock_shared_until(lock, deadline);
}

int begin_exclusive(pthread_rwlock_t* lock, instant deadline,
                    const void* caller) {
  schedule& running = current_schedule();
  running.announce(operation::lock, lock, caller);
  running.drain();
  return lock_exclusive_until(lock, deadline);
}

}  // namespace

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_rdlock, lock);
  return begin_shared(lock, never, EXPLORE_CALLER);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_rwlock_tryrdlock, lock);
  return begin_shared(lock, 0, EXPLORE_CALLER) == 0 ? 0 : EBUSY;
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
  return begin_exclusive(lock, 0, EXPLORE_CALLER) == 0 ? 0 : EBUSY;
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
  running.drain();
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

// ---- Spin locks and once flags -----------------------------------

int pthread_spin_init(pthread_spinlock_t* lock, int shared) noexcept {
  EXPLORE_ELSE_REAL(pthread_spin_init, lock, shared);
  *lock = 0;  // free; else the holder's id + 1
  return 0;
}

int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  EXPLORE_ELSE_REAL(pthread_spin_lock, lock);
  running.announce(operation::lock, const_cast<int*>(lock),
                   EXPLORE_CALLER);
  running.drain();
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
  running.drain();
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
  running.drain();
  running.release(const_cast<int*>(lock));
  *lock = 0;
  running.wake(reason::futex, const_cast<int*>(lock));
  return 0;
}

int pthread_once(pthread_once_t* flag, void (*routine)()) {
  EXPLORE_ELSE_REAL(pthread_once, flag, routine);
  running.announce(operation::once, flag, EXPLORE_CALLER);
  running.drain();
  while (*flag == 1) {
    running.wait(reason::once, flag);
  }
  running.acquire(flag);
  if (*flag == 0) {
    *flag = 1;
    try {
      routine();
    } catch (...) {
      *flag = 0;
      running.release(flag);
      running.wake(reason::once, flag);
      throw;
    }
    *flag = 2;
    running.release(flag);
    running.wake(reason::once, flag);
  }
  return 0;
}

// ---- The flags of function-local statics -------------------------

// The C++ ABI: byte 0 says that the object is there. Byte 1 is ours:
// somebody constructs it. Instrumented code reads byte 0 itself.

int __cxa_guard_acquire(std::int64_t* flag);
void __cxa_guard_release(std::int64_t* flag);
void __cxa_guard_abort(std::int64_t* flag);

int __cxa_guard_acquire(std::int64_t* flag) {
  EXPLORE_ELSE_REAL(__cxa_guard_acquire, flag);
  running.announce(operation::once, flag, EXPLORE_CALLER);
  running.drain();
  char* const bytes = reinterpret_cast<char*>(flag);
  while (bytes[0] == 0 && bytes[1] != 0) {
    running.wait(reason::once, flag);
  }
  running.acquire(flag);
  if (bytes[0] != 0) {
    return 0;
  }
  bytes[1] = 1;
  return 1;
}

void __cxa_guard_release(std::int64_t* flag) {
  EXPLORE_ELSE_REAL(__cxa_guard_release, flag);
  running.drain();
  char* const bytes = reinterpret_cast<char*>(flag);
  bytes[0] = 1;
  bytes[1] = 0;
  running.release(flag);
  running.wake(reason::once, flag);
}

void __cxa_guard_abort(std::int64_t* flag) {
  EXPLORE_ELSE_REAL(__cxa_guard_abort, flag);
  reinterpret_cast<char*>(flag)[1] = 0;
  running.wake(reason::once, flag);
}

}  // extern "C"
