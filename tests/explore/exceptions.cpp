// Exceptions that travel between threads.
//
// An exception object has a counter of owners inside libstdc++, which
// is not instrumented: without these hooks its last owner would seem
// to race with the others. (ThreadSanitizer has this false alarm.)
//
// Book: appendix "How the explorer works", section Races.

#include <cxxabi.h>

#include <exception>

#include "hooks.hpp"

namespace {

using namespace explore;

/// The calling thread gives up, or takes, one share of the exception
/// object: what others did with theirs before happened before.
void share(const void* object) {
  if (object != nullptr && explored()) {
    schedule& running = current_schedule();
    running.acquire(object);
    running.release(object);
  }
}

const void* object_of(const std::exception_ptr& pointer) {
  return *reinterpret_cast<void* const*>(&pointer);
}

const void* current_object() {
  unexplored here;
  return object_of(std::current_exception());
}

}  // namespace

extern "C" {

void explore_exception_addref(void* self) asm(
    "_ZNSt15__exception_ptr13exception_ptr9_M_addrefEv");
void explore_exception_addref(void* self) {
  share(*static_cast<void**>(self));
  static auto* const hidden = real<void(void*)>(
      "_ZNSt15__exception_ptr13exception_ptr9_M_addrefEv");
  hidden(self);
}

void explore_exception_release(void* self) asm(
    "_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
void explore_exception_release(void* self) {
  share(*static_cast<void**>(self));
  static auto* const hidden = real<void(void*)>(
      "_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
  hidden(self);
}

void explore_end_catch() asm("__cxa_end_catch");
void explore_end_catch() {
  if (explored()) {
    share(current_object());
  }
  static auto* const hidden = real<void()>("__cxa_end_catch");
  hidden();
}

}  // extern "C"
