// The models of futexes and of POSIX barriers.
//
// std::atomic::wait, semaphores, latches, barriers, futures and
// stop_token all come down to a futex, which libstdc++ reaches through
// syscall(): "sleep if this word still has this value" and "wake those
// who sleep on this word". Every other system call goes to the kernel.
//
// Book: appendix "How the explorer works", section One at a time.

#include <linux/futex.h>
#include <sys/syscall.h>

#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstring>

#include "hooks.hpp"
#include "raw_syscall.hpp"

namespace {

using namespace explore;

int* word_of(long argument) {
  return reinterpret_cast<int*>(argument);
}

instant futex_deadline(long operation, const timespec* time) {
  if (time == nullptr) {
    return never;
  }
  if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT) {
    return instant_from(current_schedule().now(), *time);
  }
  const bool realtime = (operation & FUTEX_CLOCK_REALTIME) != 0;
  return instant_of(realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, time);
}

/// What the kernel finds in `word`: it looks under a lock of its own,
/// so the newest value, like a load after a seq_cst fence.
int read_newest(const int* word) {
  struct : memory_choices {
    std::size_t stale_read(std::size_t) override { return 0; }
    std::size_t late_store(std::size_t) override { return 0; }
  } newest;
  schedule& running = current_schedule();
  running.memory().order_in_s(*schedule::self());
  unsigned value = 0;
  std::memcpy(&value, word, sizeof value);
  running.memory().load(*schedule::self(),
                        {.address = word,
                         .size = sizeof value,
                         .memory = {.low = value},
                         .step = schedule::self()->last_step},
                        relaxed, newest);
  return static_cast<int>(value);
}

long futex_wait(int* word, long operation, int expected,
                const timespec* time, const void* caller) {
  schedule& running = current_schedule();
  running.announce(operation::futex_wait, word, caller);
  const instant deadline = futex_deadline(operation, time);
  if (!is_valid(time)) {
    errno = EINVAL;
    return -1;
  }
  running.begin_timed_wait(deadline);
  if (read_newest(word) != expected) {
    errno = EAGAIN;
    return -1;
  }
  const bool woken = running.wait(reason::futex, word, deadline);
  // Whoever is woken sees what its waker did before: the kernel's own
  // locks order the two.
  running.memory().order_in_s(*schedule::self());
  if (!woken) {
    errno = ETIMEDOUT;
    return -1;
  }
  return 0;
}

long futex_wake(int* word, int count, const void* caller) {
  schedule& running = current_schedule();
  running.announce(operation::futex_wake, word, caller);
  running.memory().order_in_s(*schedule::self());
  return running.wake(reason::futex, word, count);
}

}  // namespace

extern "C" {

long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long argument[6];
  for (long& each : argument) {
    each = va_arg(list, long);
  }
  va_end(list);
  if (number == SYS_futex && explored()) {
    switch (argument[1] & FUTEX_CMD_MASK) {
      case FUTEX_WAIT:
      case FUTEX_WAIT_BITSET:
        return futex_wait(word_of(argument[0]), argument[1],
                          static_cast<int>(argument[2]),
                          reinterpret_cast<timespec*>(argument[3]),
                          EXPLORE_CALLER);
      case FUTEX_WAKE:
      case FUTEX_WAKE_BITSET:
        return futex_wake(word_of(argument[0]),
                          static_cast<int>(argument[2]),
                          EXPLORE_CALLER);
      default:
        break;
    }
  }
  const long result =
      raw_syscall(number, argument[0], argument[1], argument[2],
                  argument[3], argument[4], argument[5]);
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

// ---- POSIX barriers ----------------------------------------------

namespace {

/// Our state, kept in the memory of a pthread_barrier_t.
struct barrier {
  unsigned wanted;
  unsigned arrived;
  unsigned round;
};
static_assert(sizeof(barrier) <= sizeof(pthread_barrier_t));

}  // namespace

int pthread_barrier_init(pthread_barrier_t* memory,
                         const pthread_barrierattr_t* attributes,
                         unsigned count) noexcept {
  EXPLORE_ELSE_REAL(pthread_barrier_init, memory, attributes, count);
  if (count == 0) {
    return EINVAL;
  }
  *reinterpret_cast<barrier*>(memory) = barrier{count, 0, 0};
  return 0;
}

int pthread_barrier_wait(pthread_barrier_t* memory) noexcept {
  EXPLORE_ELSE_REAL(pthread_barrier_wait, memory);
  running.announce(operation::arrive, memory, EXPLORE_CALLER);
  auto& state = *reinterpret_cast<barrier*>(memory);
  running.release(memory);
  if (++state.arrived == state.wanted) {
    state.arrived = 0;
    ++state.round;
    running.acquire(memory);
    running.wake(reason::barrier, memory);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  const unsigned round = state.round;
  while (state.round == round) {
    running.wait(reason::barrier, memory);
  }
  running.acquire(memory);
  return 0;
}

int pthread_barrier_destroy(pthread_barrier_t* memory) noexcept {
  EXPLORE_ELSE_REAL(pthread_barrier_destroy, memory);
  return 0;
}

}  // extern "C"
