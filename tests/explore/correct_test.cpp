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
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "grading/grading.hpp"
#include "on_threads.hpp"

namespace {

using namespace std::chrono_literals;
using explore::on_threads;

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

EXPLORED(correct, timed_mutex, 0.1, 0, .spurious_wakeups = false) {
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

}  // namespace
