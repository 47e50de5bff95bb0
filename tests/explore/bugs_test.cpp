// Wrong programs: the explorer must find what is wrong with each.
//
// Every row names the kind of failure that must be found within the
// default budget of seeds. None is found by luck: seeds are fixed.

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "ending_of.hpp"
#include "grading/grading.hpp"

namespace {

using explore::ending;
using explore::ending_of;

// ---- Locks, atomics, memory --------------------------------------

TEST(explorer_finds, two_locks_in_two_orders) {
  EXPECT_EQ(ending_of([] {
              std::mutex a;
              std::mutex b;
              std::jthread one([&] {
                std::scoped_lock first(a);
                std::scoped_lock second(b);
              });
              std::jthread two([&] {
                std::scoped_lock first(b);
                std::scoped_lock second(a);
              });
            }),
            ending::deadlock);
}

TEST(explorer_finds, atomic_check_then_act) {
  EXPECT_EQ(ending_of([] {
              std::atomic<int> count = 0;
              std::atomic<int> inside = 0;
              const auto enter = [&] {
                if (count.load() < 1) {
                  count.fetch_add(1);
                  EXPECT_LE(++inside, 1);
                  --inside;
                  count.fetch_sub(1);
                }
              };
              std::jthread one(enter);
              std::jthread two(enter);
            }),
            ending::expectation);
}

TEST(explorer_finds, compare_exchange_weak_without_a_loop) {
  EXPECT_EQ(ending_of([] {
              std::atomic<int> owner = 0;
              int expected = 0;
              EXPECT_TRUE(owner.compare_exchange_weak(expected, 1));
            }),
            ending::expectation);
  EXPECT_EQ(ending_of([] {
              std::atomic<int> owner = 0;
              int expected = 0;
              EXPECT_TRUE(owner.compare_exchange_strong(expected, 1));
            }),
            ending::passed);
}

TEST(explorer_finds, try_lock_that_must_not_fail) {
  EXPECT_EQ(ending_of([] {
              std::mutex free;
              EXPECT_TRUE(free.try_lock());
              free.unlock();
            }),
            ending::expectation);
  EXPECT_EQ(ending_of([] {
              std::shared_mutex free;
              EXPECT_TRUE(free.try_lock_shared());
              free.unlock_shared();
            }),
            ending::expectation);
}

/// The time of the last visit, taken before the lock: an older one may
/// overwrite a newer one.
TEST(explorer_finds, stamp_taken_outside_the_lock) {
  EXPECT_EQ(ending_of([] {
              std::mutex mutex;
              auto last = std::chrono::steady_clock::now();
              const auto visit = [&] {
                const auto now = std::chrono::steady_clock::now();
                std::scoped_lock lock(mutex);
                EXPECT_GE(now, last);
                last = now;
              };
              std::jthread one(visit);
              std::jthread two(visit);
            }),
            ending::expectation);
}

TEST(explorer_finds, relaxed_publication_as_race) {
  EXPECT_EQ(
      ending_of([] {
        std::atomic<int*> published = nullptr;
        int data = 0;
        std::jthread writer([&] {
          data = 42;
          published.store(&data, std::memory_order_relaxed);
        });
        std::jthread reader([&] {
          if (int* seen = published.load(std::memory_order_relaxed)) {
            EXPECT_EQ(*seen, 42);
          }
        });
      }),
      ending::race);
}

template <std::memory_order Order>
void dekker() {
  std::atomic<int> x = 0;
  std::atomic<int> y = 0;
  int saw_y = 0;
  int saw_x = 0;
  std::jthread one([&] {
    x.store(1, Order);
    saw_y = y.load(Order == std::memory_order_release
                       ? std::memory_order_acquire
                       : Order);
  });
  std::jthread two([&] {
    y.store(1, Order);
    saw_x = x.load(Order == std::memory_order_release
                       ? std::memory_order_acquire
                       : Order);
  });
  one.join();
  two.join();
  EXPECT_TRUE(saw_x == 1 || saw_y == 1);
}

TEST(explorer_finds, store_buffering_without_a_fence) {
  EXPECT_EQ(ending_of(dekker<std::memory_order_relaxed>),
            ending::expectation);
  EXPECT_EQ(ending_of(dekker<std::memory_order_release>),
            ending::expectation);
}

TEST(explorer_passes, store_buffering_with_seq_cst) {
  EXPECT_EQ(ending_of(dekker<std::memory_order_seq_cst>),
            ending::passed);
}

TEST(explorer_finds, plain_data_race) {
  EXPECT_EQ(ending_of([] {
              int value = 0;
              std::jthread one([&] { value = 1; });
              std::jthread two([&] { value = 2; });
            }),
            ending::race);
}

TEST(explorer_finds, access_to_an_object_that_has_died) {
  EXPECT_EQ(
      ending_of([] {
        auto value = std::make_unique<int>(1);
        int seen = 0;
        std::jthread reader([&, raw = value.get()] { seen = *raw; });
        value.reset();
      }),
      ending::race);
}

TEST(explorer_finds, use_after_free_by_the_same_thread) {
  EXPECT_EQ(ending_of([] {
              auto dead = std::make_unique<int>(1);
              const int* volatile const late = dead.get();
              dead.reset();
              EXPECT_LE(*late, 1);
            }),
            ending::race);
}

TEST(explorer_finds, use_after_free_that_a_lock_orders) {
  EXPECT_EQ(ending_of([] {
              std::mutex mutex;
              auto dead = std::make_unique<int>(1);
              const int* const late = dead.get();
              const std::jthread user = explore::actor("user", [&] {
                std::scoped_lock lock(mutex);
                EXPECT_LE(*late, 1);
              });
              std::scoped_lock lock(mutex);
              dead.reset();
            }),
            ending::race);
}

/// An int beside an atomic that is polled: whatever is polled, the
/// write stays known.
TEST(explorer_finds, race_beside_a_polled_atomic) {
  EXPECT_EQ(ending_of([] {
              struct {
                std::atomic<int> polled = 0;
                int beside = 0;
              } shared;
              static_assert(sizeof shared == 8);
              std::jthread writer([&] { shared.beside = 1; });
              for (int i = 0; i < 20; ++i) {
                (void)shared.polled.load(std::memory_order_relaxed);
                shared.polled.store(i, std::memory_order_relaxed);
              }
              std::jthread other([&] {
                for (int i = 0; i < 20; ++i) {
                  shared.polled.fetch_add(1, std::memory_order_relaxed);
                }
              });
              other.join();
              EXPECT_LE(shared.beside, 1);
            }),
            ending::race);
}

/// A waiter on a condition variable of its own stack; the notify comes
/// after the unlock, when the waiter may have returned.
template <bool UnderTheLock>
void notify_a_waiter_on_its_stack() {
  struct waiter {
    bool woken = false;
    std::condition_variable changed = {};
  };
  std::mutex mutex;
  waiter* waiting = nullptr;
  std::jthread other([&] {
    std::unique_lock lock(mutex);
    while (waiting == nullptr) {
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
    waiting->woken = true;
    auto& changed = waiting->changed;
    if (!UnderTheLock) {
      lock.unlock();
    }
    changed.notify_one();
  });
  waiter mine;
  std::unique_lock lock(mutex);
  waiting = &mine;
  mine.changed.wait(lock, [&] { return mine.woken; });
}

TEST(explorer_finds, notify_of_a_condition_variable_that_may_be_gone) {
  EXPECT_EQ(ending_of(notify_a_waiter_on_its_stack<false>),
            ending::race);
  EXPECT_EQ(ending_of(notify_a_waiter_on_its_stack<true>),
            ending::passed);
}

// ---- Threads -----------------------------------------------------

TEST(explorer_finds, thread_that_waits_for_ever_when_the_test_ends) {
  EXPECT_EQ(ending_of([] {
              auto never = std::make_shared<std::atomic<int>>(0);
              std::thread([never] { never->wait(0); }).detach();
            }),
            ending::leak);
}

TEST(explorer_finds, thread_that_nobody_joins) {
  EXPECT_EQ(ending_of([] {
              pthread_t forgotten;
              pthread_create(
                  &forgotten, nullptr,
                  [](void*) -> void* { return nullptr; }, nullptr);
            }),
            ending::leak);
}

TEST(explorer_finds, late_thread_by_census) {
  EXPECT_EQ(ending_of([] {
              auto gate = std::make_shared<std::atomic<int>>(0);
              std::thread([gate] { gate->wait(0); }).detach();
              *gate = 1;
              gate->notify_one();
              EXPECT_EQ(explore::threads_alive(), 0);
            }),
            ending::expectation);
}

TEST(explorer_finds, more_threads_than_it_can_follow) {
  EXPECT_EQ(ending_of([] {
              std::vector<std::jthread> threads;
              for (int i = 0; i < 64; ++i) {
                threads.emplace_back([] {});
              }
            }),
            ending::too_large);
}

// ---- Misuse ------------------------------------------------------

TEST(explorer_finds, lock_taken_twice) {
  EXPECT_EQ(ending_of([] {
              std::mutex mutex;
              mutex.lock();
              mutex.lock();
            }),
            ending::misuse);
}

TEST(explorer_finds, unlock_by_a_stranger) {
  EXPECT_EQ(ending_of([] {
              std::mutex mutex;
              mutex.lock();
              std::jthread([&] { mutex.unlock(); }).join();
            }),
            ending::misuse);
}

TEST(explorer_finds, unlock_of_a_free_mutex) {
  EXPECT_EQ(ending_of([] { std::mutex().unlock(); }), ending::misuse);
}

TEST(explorer_finds, condition_variable_destroyed_under_a_waiter) {
  EXPECT_EQ(ending_of(
                [] {
                  std::mutex mutex;
                  auto changed =
                      std::make_unique<std::condition_variable>();
                  std::jthread waiter([&, raw = changed.get()] {
                    std::unique_lock lock(mutex);
                    raw->wait(lock);
                  });
                  explore::settle();
                  changed.reset();
                },
                {.spurious_wakeups = false}),
            ending::misuse);
}

}  // namespace
