// Correct programs: the explorer must find nothing in any of them.
//
// One for each facility of the C++ library, plus those that are known
// to fool race detectors. EXPLORED fails on any false report.

#include <pthread.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "grading/grading.hpp"

namespace {

using namespace std::chrono_literals;

/// Runs `body` on `count` threads and joins them.
template <typename Body>
void on_threads(int count, Body body) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&body, i] { body(i); });
  }
}

EXPLORED(correct, mutex, 0.1, 0) {
  std::mutex mutex;
  int sum = 0;
  on_threads(3, [&](int i) {
    std::scoped_lock lock(mutex);
    sum += i;
  });
  EXPECT_EQ(sum, 3);
}

EXPLORED(correct, recursive_mutex, 0.1, 0) {
  std::recursive_mutex mutex;
  int sum = 0;
  on_threads(2, [&](int) {
    std::scoped_lock outer(mutex);
    std::scoped_lock inner(mutex);
    ++sum;
  });
  EXPECT_EQ(sum, 2);
}

EXPLORED(correct, timed_mutex, 0.1, 0) {
  std::timed_mutex mutex;
  mutex.lock();
  std::jthread late([&] { EXPECT_FALSE(mutex.try_lock_for(1h)); });
  late.join();
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

EXPLORED(correct, shared_mutex, 0.1, 0) {
  std::shared_mutex mutex;
  int value = 0;
  on_threads(4, [&](int i) {
    if (i % 2 == 0) {
      std::unique_lock lock(mutex);
      ++value;
    } else {
      std::shared_lock lock(mutex);
      EXPECT_GE(value, 0);
    }
  });
  EXPECT_EQ(value, 2);
}

EXPLORED(correct, condition_variable, 0.1, 0) {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::jthread teller([&] {
    std::scoped_lock lock(mutex);
    ready = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ready; });
}

EXPLORED(correct, timed_wait, 0.1, 0, .timeouts_race = false) {
  std::mutex mutex;
  std::condition_variable changed;
  std::unique_lock lock(mutex);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(changed.wait_for(lock, 24h, [] { return false; }));
  EXPECT_EQ(std::chrono::steady_clock::now() - start, 24h);
}

EXPLORED(correct, condition_variable_any_with_stop_token, 0.1, 0) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::jthread waiter([&](std::stop_token stop) {
    std::unique_lock lock(mutex);
    EXPECT_FALSE(changed.wait(lock, stop, [] { return false; }));
  });
}

EXPLORED(correct, stop_callback, 0.1, 0) {
  std::stop_source source;
  std::atomic<int> calls = 0;
  std::jthread watcher([&] {
    std::stop_callback callback(source.get_token(), [&] { ++calls; });
  });
  std::jthread stopper([&] { source.request_stop(); });
  stopper.join();
  watcher.join();
  EXPECT_LE(calls, 1);
}

EXPLORED(correct, promise_and_future, 0.1, 0) {
  std::promise<std::string> promise;
  auto future = promise.get_future();
  std::jthread teller([&] { promise.set_value(std::string(40, 'x')); });
  EXPECT_EQ(future.get(), std::string(40, 'x'));
}

EXPLORED(correct, packaged_task, 0.1, 0) {
  std::packaged_task<std::string(int)> task(
      [](int size) { return std::string(size, 'y'); });
  auto future = task.get_future();
  std::jthread runner(std::move(task), 64);
  EXPECT_EQ(future.get(), std::string(64, 'y'));
}

EXPLORED(correct, async, 0.1, 0) {
  auto future = std::async(std::launch::async, [] {
    auto table = std::make_unique<std::map<int, std::string>>();
    (*table)[1] = "one";
    return table;
  });
  EXPECT_EQ(future.get()->at(1), "one");
}

/// An exception with state of its own, shared by two threads.
struct broken : std::runtime_error {
  explicit broken(std::string why)
      : std::runtime_error("broken"), reason(std::move(why)) {}
  std::string reason;
};

EXPLORED(correct, user_defined_exception_through_a_future, 0.1, 0) {
  std::promise<int> promise;
  auto future = promise.get_future();
  std::jthread thrower([&promise] {
    try {
      throw broken("a reason too long for a small string");
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  });
  try {
    future.get();
    ADD_FAILURE();
  } catch (broken& error) {
    error.reason += "!";
    EXPECT_EQ(error.reason.back(), '!');
  }
}

EXPLORED(correct, exception_from_async, 0.1, 0) {
  auto future = std::async(std::launch::async, []() -> int {
    throw broken("a reason too long for a small string");
  });
  EXPECT_THROW(future.get(), broken);
}

EXPLORED(correct, call_once, 0.1, 0) {
  std::once_flag flag;
  int value = 0;
  on_threads(3, [&](int) {
    std::call_once(flag, [&] { value = 5; });
    EXPECT_EQ(value, 5);
  });
}

EXPLORED(correct, call_once_that_throws, 0.1, 0) {
  std::once_flag flag;
  int attempts = 0;
  on_threads(2, [&](int) {
    try {
      std::call_once(flag, [&] {
        if (++attempts == 1) {
          throw 1;
        }
      });
    } catch (int) {
    }
  });
  EXPECT_LE(attempts, 2);
}

struct expensive {
  expensive() : value(7) {}
  int value;
};
const expensive& only_one() {
  static const expensive instance;
  return instance;
}

EXPLORED(correct, static_in_a_function, 0.1, 0) {
  on_threads(3, [](int) { EXPECT_EQ(only_one().value, 7); });
}

EXPLORED(correct, counting_semaphore, 0.1, 0) {
  std::counting_semaphore<> slots(2);
  std::atomic<int> inside = 0;
  on_threads(4, [&](int) {
    slots.acquire();
    EXPECT_LE(++inside, 2);
    --inside;
    slots.release();
  });
}

EXPLORED(correct, semaphore_with_deadline, 0.1, 0) {
  std::binary_semaphore never(0);
  EXPECT_FALSE(never.try_acquire_for(50ms));
}

EXPLORED(correct, latch, 0.1, 0) {
  std::latch all(3);
  std::array<int, 3> cells{};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      cells[i] = 1;
      all.count_down();
    });
  }
  all.wait();
  EXPECT_EQ(cells[0] + cells[1] + cells[2], 3);
}

EXPLORED(correct, barrier, 0.1, 0) {
  std::barrier meeting(3);
  std::atomic<int> arrived = 0;
  on_threads(3, [&](int) {
    ++arrived;
    meeting.arrive_and_wait();
    EXPECT_EQ(arrived, 3);
    meeting.arrive_and_wait();
  });
}

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

struct farewell {
  std::mutex* mutex = nullptr;
  int* count = nullptr;
  ~farewell() {
    if (mutex != nullptr) {
      std::scoped_lock lock(*mutex);
      ++*count;
    }
  }
};
thread_local farewell at_thread_end;

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

EXPLORED(correct, sixty_three_threads_beside_the_test, 0.1, 0,
         .schedules = 5) {
  std::atomic<int> count = 0;
  on_threads(63, [&](int) { ++count; });
  EXPECT_EQ(count, 63);
}

}  // namespace
