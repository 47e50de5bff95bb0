// The model of threads: creation, end, join, detach.
//
// A new thread is a real one; it waits for its first turn before it
// enters the reader's code. It has ended, for the others, when its
// thread-local destructors have run; a key of the C library tells us
// when. Its kernel thread then sleeps until the process ends, so that
// nothing ever runs beside the thread that has the turn.
//
// Book: appendix "How the explorer works", section One at a time.

#include <cerrno>
#include <cstdint>
#include <utility>

#include "hooks.hpp"

namespace explore {

void adopt_thread(thread* self);  // schedule.cpp

namespace {

/// The library runs keys' destructors after thread_local ones, and
/// repeats while values are set: ours goes in the last round, after
/// those of all other keys.
constexpr std::intptr_t rounds = 3;

pthread_key_t end_of_thread;

void end_explored_thread(void* rounds_left) {
  const auto remaining = reinterpret_cast<std::intptr_t>(rounds_left);
  if (remaining > 1) {
    pthread_setspecific(end_of_thread,
                        reinterpret_cast<void*>(remaining - 1));
    return;
  }
  current_schedule().end_thread();
}

void* run_thread(void* argument) {
  auto* self = static_cast<thread*>(argument);
  adopt_thread(self);
  pthread_setspecific(end_of_thread, reinterpret_cast<void*>(rounds));
  current_schedule().announce(operation::begin, self, nullptr);
  self->result = self->entry(self->argument);
  return self->result;
}

}  // namespace

void prepare_threads() {
  pthread_key_create(&end_of_thread, end_explored_thread);
}

}  // namespace explore

using namespace explore;

extern "C" {

int pthread_create(pthread_t* handle, const pthread_attr_t* attributes,
                   void* (*entry)(void*), void* argument) noexcept {
  EXPLORE_ELSE_REAL(pthread_create, handle, attributes, entry,
                    argument);
  running.announce(operation::create, nullptr, EXPLORE_CALLER);
  if (running.failing_start > 0 && --running.failing_start == 0) {
    return EAGAIN;
  }
  thread* added = running.add_thread();
  if (added == nullptr) {
    running.fail(ending::too_large,
                 "the scenario starts more than 64 threads: that is as "
                 "many as the explorer can follow");
  }
  added->entry = entry;
  added->argument = argument;
  // A thread takes memory as well, which is not the scenario's.
  const std::size_t missing = std::exchange(me.missing_block, SIZE_MAX);
  const int error =
      hidden(&added->handle, attributes, run_thread, added);
  me.missing_block = missing;
  if (error != 0) {
    running.fail(ending::too_large,
                 "the system has no thread remaining for the scenario");
  }
  *handle = added->handle;
  return 0;
}

int pthread_join(pthread_t handle, void** result) {
  EXPLORE_ELSE_REAL(pthread_join, handle, result);
  running.announce(operation::join, nullptr, EXPLORE_CALLER);
  thread* const other = running.find(handle);
  if (other == &me) {
    return EDEADLK;
  }
  if (other == nullptr || other->joined || other->detached) {
    running.fail(ending::misuse,
                 "a thread is joined that cannot be: it was joined or "
                 "detached before");
  }
  running.log().trace[me.last_step].object = other;
  while (other->alive) {
    running.wait(reason::join, other);
  }
  running.acquire(other);
  other->joined = true;
  if (result != nullptr) {
    *result = other->result;
  }
  return 0;
}

int pthread_detach(pthread_t handle) noexcept {
  EXPLORE_ELSE_REAL(pthread_detach, handle);
  thread* const other = running.find(handle);
  running.announce(operation::detach, other, EXPLORE_CALLER);
  if (other != nullptr) {
    other->detached = true;
  }
  return 0;
}

int pthread_setname_np(pthread_t handle, const char* name) noexcept {
  EXPLORE_ELSE_REAL(pthread_setname_np, handle, name);
  if (thread* const other = running.find(handle); other != nullptr) {
    running.name_thread(*other, name);
  }
  return 0;
}

}  // extern "C"
