// Correct: no channel at all, a count under a pthread mutex.

#pragma once

#include <pthread.h>
#include <time.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <vector>

namespace workbook {

inline int run_jobs(int count, std::chrono::nanoseconds limit,
                    const std::function<void(std::stop_token)>& job) {
  struct table {
    const std::function<void(std::stop_token)>& job;
    std::stop_source context = {};
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    int ended = 0;
  } shared{job};
  const auto run = [](void* given) -> void* {
    table& all = *static_cast<table*>(given);
    all.job(all.context.get_token());
    pthread_mutex_lock(&all.mutex);
    ++all.ended;
    pthread_cond_signal(&all.changed);
    pthread_mutex_unlock(&all.mutex);
    return nullptr;
  };
  timespec end = {};
  clock_gettime(CLOCK_MONOTONIC, &end);
  const auto now = std::chrono::seconds(end.tv_sec) +
                   std::chrono::nanoseconds(end.tv_nsec);
  const auto until =
      now + std::min(limit, std::chrono::nanoseconds::max() - now);
  end.tv_sec = until / std::chrono::seconds(1);
  end.tv_nsec = (until % std::chrono::seconds(1)).count();

  std::vector<pthread_t> children(static_cast<std::size_t>(count));
  for (pthread_t& child : children) {
    pthread_create(&child, nullptr, run, &shared);
  }
  pthread_mutex_lock(&shared.mutex);
  int error = 0;
  while (shared.ended < count && error == 0) {
    error = pthread_cond_clockwait(&shared.changed, &shared.mutex,
                                   CLOCK_MONOTONIC, &end);
  }
  const int done = shared.ended;
  pthread_mutex_unlock(&shared.mutex);
  shared.context.request_stop();
  for (const pthread_t child : children) {
    pthread_join(child, nullptr);
  }
  pthread_cond_destroy(&shared.changed);
  pthread_mutex_destroy(&shared.mutex);
  return done;
}

}  // namespace workbook
