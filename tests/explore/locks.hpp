// The two halves of a mutex that a condition variable's wait needs.

#pragma once

#include <pthread.h>

namespace explore {

/// Releases `mutex`, which the calling thread must hold, as part of
/// its current step.
void unlock(pthread_mutex_t* mutex);

/// Acquires `mutex`; may wait. Part of the current step.
void lock_after_wait(pthread_mutex_t* mutex);

}  // namespace explore
