// Correct programs, continued: atomics, shared ownership, the ends of
// threads, and plain pthreads.

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "grading/grading.hpp"
#include "on_threads.hpp"

namespace {

using namespace std::chrono_literals;
using explore::on_threads;

EXPLORED(correct, atomic_wait_and_notify, 0.1, 0) {
  std::atomic<int> gate = 0;
  int data = 0;
  std::jthread opener([&] {
    data = 42;
    gate = 1;
    gate.notify_all();
  });
  gate.wait(0);
  EXPECT_EQ(data, 42);
}

EXPLORED(correct, atomic_flag_as_spin_lock, 0.1, 0) {
  std::atomic_flag locked;
  int sum = 0;
  on_threads(3, [&](int) {
    while (locked.test_and_set(std::memory_order_acquire)) {
      std::this_thread::yield();
    }
    ++sum;
    locked.clear(std::memory_order_release);
  });
  EXPECT_EQ(sum, 3);
}

EXPLORED(correct, spinning_without_yield, 0.1, 0) {
  std::atomic<bool> go = false;
  std::jthread waiter([&] {
    while (!go.load(std::memory_order_acquire)) {
    }
  });
  go.store(true, std::memory_order_release);
}

EXPLORED(correct, release_and_acquire, 0.1, 0) {
  std::atomic<int*> published = nullptr;
  int data = 0;
  std::jthread writer([&] {
    data = 42;
    published.store(&data, std::memory_order_release);
  });
  std::jthread reader([&] {
    if (int* seen = published.load(std::memory_order_acquire)) {
      EXPECT_EQ(*seen, 42);
    }
  });
}

EXPLORED(correct, fences, 0.1, 0) {
  std::atomic<int> flag = 0;
  int data = 0;
  std::jthread writer([&] {
    data = 1;
    std::atomic_thread_fence(std::memory_order_release);
    flag.store(1, std::memory_order_relaxed);
  });
  std::jthread reader([&] {
    if (flag.load(std::memory_order_relaxed) == 1) {
      std::atomic_thread_fence(std::memory_order_acquire);
      EXPECT_EQ(data, 1);
    }
  });
}

EXPLORED(correct, dekker_with_fences, 0.1, 0) {
  std::atomic<int> x = 0;
  std::atomic<int> y = 0;
  int saw_y = 0;
  int saw_x = 0;
  std::jthread one([&] {
    x.store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    saw_y = y.load(std::memory_order_relaxed);
  });
  std::jthread two([&] {
    y.store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    saw_x = x.load(std::memory_order_relaxed);
  });
  one.join();
  two.join();
  EXPECT_TRUE(saw_x == 1 || saw_y == 1);
}

EXPLORED(correct, shared_ptr, 0.1, 0) {
  auto text = std::make_shared<std::string>("shared between threads");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([text] { EXPECT_EQ(text->size(), 22u); });
  }
  text.reset();
}

EXPLORED(correct, weak_ptr, 0.1, 0) {
  auto value = std::make_shared<int>(1);
  std::weak_ptr<int> observer = value;
  std::jthread looker([observer] {
    if (const auto seen = observer.lock()) {
      EXPECT_EQ(*seen, 1);
    }
  });
  value.reset();
}

EXPLORED(correct, atomic_shared_ptr, 0.1, 0) {
  std::atomic<std::shared_ptr<int>> current{std::make_shared<int>(1)};
  std::jthread writer([&] { current.store(std::make_shared<int>(2)); });
  std::jthread reader([&] {
    const auto seen = current.load();
    EXPECT_TRUE(*seen == 1 || *seen == 2);
  });
}

struct end_of_thread {
  std::mutex* mutex = nullptr;
  int* count = nullptr;
  ~end_of_thread() {
    if (mutex != nullptr) {
      std::scoped_lock lock(*mutex);
      ++*count;
    }
  }
};
thread_local end_of_thread at_thread_end;

EXPLORED(correct, thread_local_destructors_run_before_join_returns, 0.1,
         0) {
  std::mutex mutex;
  int count = 0;
  on_threads(2, [&](int) {
    at_thread_end.mutex = &mutex;
    at_thread_end.count = &count;
  });
  EXPECT_EQ(count, 2);
}

EXPLORED(correct, notify_all_at_thread_exit, 0.1, 0) {
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  std::jthread leaver([&] {
    std::unique_lock lock(mutex);
    done = true;
    std::notify_all_at_thread_exit(ended, std::move(lock));
  });
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return done; });
}

EXPLORED(correct, detached_thread_that_ends, 0.1, 0) {
  auto done = std::make_shared<std::latch>(1);
  std::thread([done] { done->count_down(); }).detach();
  done->wait();
}

EXPLORED(correct, sleeping_threads, 0.1, 0, .timeouts_race = false) {
  std::jthread sleeper([] { std::this_thread::sleep_for(1h); });
  std::this_thread::sleep_for(2h);
  EXPECT_EQ(explore::now(), 2h);
}

EXPLORED(correct, polling_the_clock, 0.1, 0) {
  const auto until = std::chrono::steady_clock::now() + 1ms;
  while (std::chrono::steady_clock::now() < until) {
  }
}

EXPLORED(correct, raw_pthreads, 0.1, 0) {
  struct shared {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    int value = 0;
  } state;
  pthread_t other;
  ASSERT_EQ(pthread_create(
                &other, nullptr,
                [](void* argument) -> void* {
                  auto* ours = static_cast<shared*>(argument);
                  pthread_mutex_lock(&ours->mutex);
                  ours->value = 1;
                  pthread_cond_signal(&ours->changed);
                  pthread_mutex_unlock(&ours->mutex);
                  return argument;
                },
                &state),
            0);
  pthread_mutex_lock(&state.mutex);
  while (state.value == 0) {
    pthread_cond_wait(&state.changed, &state.mutex);
  }
  pthread_mutex_unlock(&state.mutex);
  void* result = nullptr;
  pthread_join(other, &result);
  EXPECT_EQ(result, &state);
}

EXPLORED(correct, raw_condition_on_the_monotonic_clock, 0.1, 0,
         .spurious_wakeups = false) {
  pthread_condattr_t attribute;
  pthread_condattr_init(&attribute);
  pthread_condattr_setclock(&attribute, CLOCK_MONOTONIC);
  pthread_cond_t never;
  pthread_cond_init(&never, &attribute);
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 5;
  pthread_mutex_lock(&mutex);
  EXPECT_EQ(pthread_cond_timedwait(&never, &mutex, &until), ETIMEDOUT);
  EXPECT_EQ(explore::now(), 5s);
  pthread_mutex_unlock(&mutex);
  pthread_cond_destroy(&never);
}

EXPLORED(correct, raw_barrier_spin_lock_and_rwlock, 0.1, 0) {
  pthread_barrier_t barrier;
  pthread_spinlock_t spin;
  pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
  pthread_barrier_init(&barrier, nullptr, 2);
  pthread_spin_init(&spin, 0);
  int sum = 0;
  int product = 1;
  on_threads(2, [&](int) {
    pthread_spin_lock(&spin);
    ++sum;
    pthread_spin_unlock(&spin);
    pthread_barrier_wait(&barrier);
    EXPECT_EQ(sum, 2);
    pthread_rwlock_wrlock(&rwlock);
    product *= 2;
    pthread_rwlock_unlock(&rwlock);
  });
  EXPECT_EQ(product, 4);
}

EXPLORED(correct, posix_semaphores, 0.1, 0) {
  sem_t free_places;
  sem_t values;
  sem_init(&free_places, 0, 1);
  sem_init(&values, 0, 0);
  int place = 0;
  std::jthread producer([&] {
    for (int i = 1; i <= 3; ++i) {
      sem_wait(&free_places);
      place = i;
      sem_post(&values);
    }
  });
  for (int i = 1; i <= 3; ++i) {
    sem_wait(&values);
    EXPECT_EQ(place, i);
    sem_post(&free_places);
  }
  EXPECT_EQ(sem_trywait(&values), -1);
  EXPECT_EQ(errno, EAGAIN);
  int value = 0;
  sem_getvalue(&free_places, &value);
  EXPECT_EQ(value, 1);
  producer.join();
  sem_destroy(&free_places);
  sem_destroy(&values);
}

EXPLORED(correct, posix_semaphore_with_a_deadline, 0.1, 0,
         .timeouts_race = false) {
  sem_t none;
  sem_init(&none, 0, 0);
  timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 5;
  EXPECT_EQ(sem_timedwait(&none, &until), -1);
  EXPECT_EQ(errno, ETIMEDOUT);
  EXPECT_EQ(explore::now(), 5s);
}

EXPLORED(correct, deadlines_before_the_clock_began, 0.1, 0,
         .timeouts_race = false, .spurious_wakeups = false) {
  using clock = std::chrono::steady_clock;
  std::mutex mutex;
  std::timed_mutex held;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  for (const auto past :
       {clock::time_point::min(), clock::time_point(), clock::now()}) {
    EXPECT_EQ(never.wait_until(lock, past), std::cv_status::timeout);
  }
  std::scoped_lock holds(held);
  std::jthread([&] {
    EXPECT_FALSE(held.try_lock_until(clock::time_point()));
  }).join();
  EXPECT_EQ(explore::now(), 0s);
}

EXPLORED(correct, realloc_that_fails_keeps_the_block, 0.1, 0,
         .schedules = 5) {
  int* volatile block = static_cast<int*>(std::malloc(sizeof(int)));
  int* const before = block;
  *before = 7;
  {
    const explore::missing_block missing(0, 1'000);
    EXPECT_EQ(std::realloc(block, 1'000), nullptr);
  }
  EXPECT_EQ(*before, 7);
  auto* const moved = static_cast<int*>(std::realloc(block, 1'000));
  EXPECT_EQ(*moved, 7);
  std::free(moved);
}

EXPLORED(correct, sixty_three_threads_beside_the_test, 0.1, 0,
         .schedules = 5) {
  std::atomic<int> count = 0;
  on_threads(63, [&](int) { ++count; });
  EXPECT_EQ(count, 63);
}

}  // namespace
