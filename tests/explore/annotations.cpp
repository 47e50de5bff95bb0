// Locks that a library makes of atomics and describes to the sanitizer:
// libstdc++'s atomic<shared_ptr> does, from GCC 13 on.
//
// Book: appendix "How the explorer works", section Races.

#include "hooks.hpp"

using namespace explore;

extern "C" {

void __tsan_mutex_create(void*, unsigned) {}
void __tsan_mutex_destroy(void*, unsigned) {}

void __tsan_mutex_pre_lock(void*, unsigned) {}

void __tsan_mutex_post_lock(void* lock, unsigned, int) {
  if (explored()) {
    current_schedule().acquire(lock);
  }
}

int __tsan_mutex_pre_unlock(void* lock, unsigned) {
  if (explored()) {
    current_schedule().release(lock);
  }
  return 0;  // the depth of a recursive lock
}

void __tsan_mutex_post_unlock(void*, unsigned) {}

void __tsan_mutex_pre_signal(void*, unsigned) {}
void __tsan_mutex_post_signal(void*, unsigned) {}
void __tsan_mutex_pre_divert(void*, unsigned) {}
void __tsan_mutex_post_divert(void*, unsigned) {}

}  // extern "C"
