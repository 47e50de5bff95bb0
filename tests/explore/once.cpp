// The models of what runs once: pthread_once, and the flags of
// function-local statics.
//
//   pthread_once_t  0 never called, 1 running, 2 done.
//
// Book: appendix "How the explorer works", section One at a time.

#include "hooks.hpp"

using namespace explore;

extern "C" {

int pthread_once(pthread_once_t* flag, void (*routine)()) {
  EXPLORE_ELSE_REAL(pthread_once, flag, routine);
  running.announce(operation::once, flag, EXPLORE_CALLER);
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
