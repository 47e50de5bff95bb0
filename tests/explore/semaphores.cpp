// The model of POSIX semaphores.
//
//   sem_t  its first word: the value. (glibc's own layout, so that one
//          made before the schedule began serves as well.)
//
// A post wakes a waiter, which looks again; whoever comes first takes
// the unit, as POSIX allows.
//
// Book: appendix "How the explorer works", section One at a time.

#include <semaphore.h>

#include <cerrno>
#include <climits>

#include "hooks.hpp"
#include "shadow.hpp"

namespace {

using namespace explore;

unsigned& value_of(sem_t* semaphore) {
  return *reinterpret_cast<unsigned*>(semaphore);
}

void begin(operation what, sem_t* semaphore, const void* caller) {
  current_schedule().announce(what, semaphore, caller);
  note_access(semaphore, sizeof(unsigned), access_kind::use, caller);
}

/// Takes a unit; may wait. 0, or the error.
int take_until(sem_t* semaphore, instant deadline) {
  schedule& running = current_schedule();
  while (value_of(semaphore) == 0) {
    if (!running.wait(reason::semaphore, semaphore, deadline) &&
        value_of(semaphore) == 0) {
      return ETIMEDOUT;
    }
  }
  --value_of(semaphore);
  running.acquire(semaphore);
  return 0;
}

int result_of(int error) {
  if (error != 0) {
    errno = error;
  }
  return error == 0 ? 0 : -1;
}

int take_timed(sem_t* semaphore, clockid_t clock, const timespec* until,
               const void* caller) {
  begin(operation::acquire, semaphore, caller);
  const instant deadline = instant_of(clock, until);
  current_schedule().begin_timed_wait(deadline);
  if (!is_valid(until) && value_of(semaphore) == 0) {
    return result_of(EINVAL);
  }
  return result_of(take_until(semaphore, deadline));
}

}  // namespace

extern "C" {

int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept {
  EXPLORE_ELSE_REAL(sem_init, semaphore, shared, value);
  if (value > SEM_VALUE_MAX) {
    return result_of(EINVAL);
  }
  *semaphore = sem_t{};
  value_of(semaphore) = value;
  return 0;
}

int sem_wait(sem_t* semaphore) {
  EXPLORE_ELSE_REAL(sem_wait, semaphore);
  begin(operation::acquire, semaphore, EXPLORE_CALLER);
  return result_of(take_until(semaphore, never));
}

int sem_timedwait(sem_t* semaphore, const timespec* until) {
  EXPLORE_ELSE_REAL(sem_timedwait, semaphore, until);
  return take_timed(semaphore, CLOCK_REALTIME, until, EXPLORE_CALLER);
}

int sem_clockwait(sem_t* semaphore, clockid_t clock,
                  const timespec* until) {
  EXPLORE_ELSE_REAL(sem_clockwait, semaphore, clock, until);
  return take_timed(semaphore, clock, until, EXPLORE_CALLER);
}

int sem_trywait(sem_t* semaphore) noexcept {
  EXPLORE_ELSE_REAL(sem_trywait, semaphore);
  begin(operation::acquire, semaphore, EXPLORE_CALLER);
  return result_of(
      value_of(semaphore) == 0 ? EAGAIN : take_until(semaphore, never));
}

int sem_post(sem_t* semaphore) noexcept {
  EXPLORE_ELSE_REAL(sem_post, semaphore);
  begin(operation::post, semaphore, EXPLORE_CALLER);
  if (value_of(semaphore) == SEM_VALUE_MAX) {
    return result_of(EOVERFLOW);
  }
  running.release(semaphore);
  ++value_of(semaphore);
  running.wake(reason::semaphore, semaphore, 1);
  return 0;
}

int sem_getvalue(sem_t* semaphore, int* value) noexcept {
  EXPLORE_ELSE_REAL(sem_getvalue, semaphore, value);
  begin(operation::load, semaphore, EXPLORE_CALLER);
  *value = static_cast<int>(value_of(semaphore));
  return 0;
}

int sem_destroy(sem_t* semaphore) noexcept {
  EXPLORE_ELSE_REAL(sem_destroy, semaphore);
  if (running.count_waiting(reason::semaphore, semaphore) > 0) {
    running.fail(ending::misuse,
                 "a semaphore is destroyed while a thread waits on it");
  }
  note_access(semaphore, sizeof *semaphore, access_kind::destroy,
              EXPLORE_CALLER);
  return 0;
}

}  // extern "C"
