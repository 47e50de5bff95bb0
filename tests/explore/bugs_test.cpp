// Wrong programs: the explorer must find what is wrong with each.
//
// Every row names the kind of failure that must be found within the
// default budget of seeds. None is found by luck: seeds are fixed.

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "explore/search.hpp"
#include "grading/grading.hpp"
#include "grading/todo.hpp"

namespace {

using namespace std::chrono_literals;
using explore::ending;

/// What a search of `body` finds, with the default budget.
ending ending_of(explore::scenario body, explore::options wanted = {}) {
  explore::search looking(body, wanted);
  looking.run();
  return looking.log().how;
}

// ---- A pool with a switch for each classic bug -------------------

enum class bug {
  none,
  stop_outside_the_mutex,
  check_then_act,
  if_for_while,
  notify_one_at_shutdown,
  push_outside_the_lock,
  detach,
};

template <bug Bug>
class toy_pool {
 public:
  explicit toy_pool(int workers) {
    for (int i = 0; i < workers; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  }

  void submit(std::function<void()> task) {
    if constexpr (Bug == bug::push_outside_the_lock) {
      tasks_.push_back(std::move(task));
      std::scoped_lock lock(mutex_);
    } else {
      std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  ~toy_pool() {
    if constexpr (Bug == bug::stop_outside_the_mutex) {
      stop_ = true;
    } else {
      std::scoped_lock lock(mutex_);
      stop_ = true;
    }
    if constexpr (Bug == bug::notify_one_at_shutdown) {
      changed_.notify_one();
    } else {
      changed_.notify_all();
    }
    for (std::thread& each : workers_) {
      if constexpr (Bug == bug::detach) {
        each.detach();
      } else {
        each.join();
      }
    }
  }

 private:
  void work() {
    for (;;) {
      std::optional<std::function<void()>> task = next();
      if (!task) {
        return;
      }
      (*task)();
    }
  }

  std::optional<std::function<void()>> next() {
    std::unique_lock lock(mutex_);
    const auto awake = [this] { return stop_ || !tasks_.empty(); };
    if constexpr (Bug == bug::if_for_while) {
      if (!awake()) {
        changed_.wait(lock);
      }
      if (stop_ && tasks_.empty()) {
        return std::nullopt;
      }
      EXPECT_FALSE(tasks_.empty());
    } else {
      changed_.wait(lock, awake);
    }
    if (tasks_.empty()) {
      return std::nullopt;
    }
    if constexpr (Bug == bug::check_then_act) {
      lock.unlock();
      lock.lock();
      EXPECT_FALSE(tasks_.empty());
    }
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> workers_;
};

template <bug Bug>
void run_pool() {
  std::atomic<int> done = 0;
  {
    toy_pool<Bug> pool(3);
    for (int i = 0; i < 4; ++i) {
      pool.submit([&done] { ++done; });
    }
    if constexpr (Bug == bug::detach) {
      while (done < 4) {
        std::this_thread::yield();
      }
    }
  }
  EXPECT_EQ(done, 4);
}

TEST(explorer_passes, the_correct_pool) {
  EXPECT_EQ(ending_of(run_pool<bug::none>), ending::passed);
}

TEST(explorer_finds, lost_wakeup_as_deadlock) {
  EXPECT_EQ(ending_of(run_pool<bug::stop_outside_the_mutex>),
            ending::deadlock);
}

TEST(explorer_finds, check_then_act) {
  EXPECT_EQ(ending_of(run_pool<bug::check_then_act>),
            ending::expectation);
}

TEST(explorer_finds, if_for_while) {
  EXPECT_EQ(ending_of(run_pool<bug::if_for_while>),
            ending::expectation);
}

TEST(explorer_finds, notify_one_at_shutdown) {
  EXPECT_EQ(ending_of(run_pool<bug::notify_one_at_shutdown>),
            ending::deadlock);
}

TEST(explorer_finds, push_outside_the_lock_as_race) {
  EXPECT_EQ(ending_of(run_pool<bug::push_outside_the_lock>),
            ending::race);
}

TEST(explorer_finds, detached_workers_that_outlive_their_pool) {
  const ending found = ending_of(run_pool<bug::detach>);
  EXPECT_TRUE(found == ending::race || found == ending::misuse);
}

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

// ---- How code ends that does not end well ------------------------

TEST(explorer_finds, endless_spinning) {
  EXPECT_EQ(ending_of([] {
              std::atomic<bool> never = false;
              while (!never) {
              }
            }),
            ending::spinning);
}

TEST(explorer_finds, busy_wait_where_a_thread_should_rest) {
  EXPECT_EQ(ending_of([] {
              std::atomic<bool> done = false;
              std::jthread poller([&] {
                while (!done) {
                  std::this_thread::yield();
                }
              });
              explore::settle();
              done = true;
            }),
            ending::spinning);
}

TEST(explorer_finds, endless_loop_without_a_step) {
  EXPECT_EQ(ending_of([] {
              volatile bool never = false;
              while (!never) {
              }
            }),
            ending::endless);
}

TEST(explorer_finds, uncaught_exception_in_a_thread) {
  EXPECT_EQ(ending_of([] {
              std::jthread([] { throw std::runtime_error("oops"); });
            }),
            ending::terminated);
}

TEST(explorer_finds, exception_that_leaves_the_scenario) {
  EXPECT_EQ(ending_of([] { throw std::runtime_error("oops"); }),
            ending::terminated);
}

TEST(explorer_finds, segmentation_fault) {
  EXPECT_EQ(ending_of([] { *static_cast<volatile int*>(nullptr) = 1; }),
            ending::crashed);
}

TEST(explorer_finds, exit_in_the_code_under_test) {
  EXPECT_EQ(ending_of([] { std::_Exit(0); }), ending::crashed);
}

TEST(explorer_names, a_pipe_as_what_it_cannot_explore) {
  explore::search looking(
      [] {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        char byte;
        (void)!read(ends[0], &byte, 1);
      },
      {});
  looking.run();
  EXPECT_EQ(looking.log().how, ending::unexplorable);
  EXPECT_NE(std::string(looking.log().text.data()).find("read"),
            std::string::npos);
}

TEST(explorer_names, a_posix_semaphore_as_what_it_cannot_explore) {
  EXPECT_EQ(ending_of([] {
              sem_t never;
              sem_init(&never, 0, 0);
              sem_wait(&never);
            }),
            ending::unexplorable);
}

TEST(explorer_finds, unwritten_step) {
  EXPECT_EQ(ending_of([] {
              std::jthread([] { grading::step_is_not_written("1.1"); });
            }),
            ending::not_written);
}

// ---- The search itself -------------------------------------------

void small_pool() {
  std::atomic<int> done = 0;
  {
    toy_pool<bug::none> pool(2);
    pool.submit([&done] { ++done; });
    pool.submit([&done] { ++done; });
  }
  EXPECT_EQ(done, 2);
}

TEST(explorer_search, proves_a_small_pool_up_to_bound_2) {
  explore::search looking(small_pool,
                          {.schedules = 200'000, .exhaustive = 2});
  const explore::finding found = looking.run();
  EXPECT_FALSE(found.failed);
  EXPECT_TRUE(found.complete);
  RecordProperty("schedules", found.schedules);
  std::printf("complete up to bound 2, %d schedules\n",
              found.schedules);
}

TEST(explorer_search, finds_two_locks_in_two_orders_with_bound_1) {
  EXPECT_EQ(ending_of(
                [] {
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
                },
                {.schedules = 1'000, .exhaustive = 1}),
            ending::deadlock);
}

TEST(explorer_search, ends_at_its_budget) {
  explore::search looking(small_pool, {.schedules = 7});
  EXPECT_EQ(looking.run().schedules, 7);
}

TEST(explorer_search, replays_a_seed_to_the_letter) {
  explore::search looking(run_pool<bug::stop_outside_the_mutex>, {});
  const explore::finding found = looking.run();
  ASSERT_TRUE(found.failed);
  const auto hash = looking.log().hash;
  const auto steps = looking.log().steps;
  for (int i = 0; i < 10; ++i) {
    looking.replay(found.id, true);
    EXPECT_EQ(looking.log().how, ending::deadlock);
    EXPECT_EQ(looking.log().hash, hash);
    EXPECT_EQ(looking.log().steps, steps);
  }
}

TEST(explorer_search, shortens_what_it_found) {
  explore::search looking(run_pool<bug::notify_one_at_shutdown>, {});
  const explore::finding found = looking.run();
  ASSERT_TRUE(found.failed);
  const int before = looking.log().preemptions;
  looking.replay(looking.shorten(found.id), true);
  EXPECT_EQ(looking.log().how, ending::deadlock);
  EXPECT_LT(looking.log().preemptions, before);
}

TEST(explorer_search, reads_schedule_names) {
  EXPECT_EQ(explore::schedule_id::parse("17")->number, 17u);
  EXPECT_EQ(explore::schedule_id::parse("2:350")->bound, 2);
  EXPECT_EQ(explore::schedule_id::parse("2:350")->text(), "2:350");
  for (const char* wrong :
       {"", "x", "1x", ":3", "-1:3", "2:", "2:3x"}) {
    EXPECT_FALSE(explore::schedule_id::parse(wrong)) << wrong;
  }
}

TEST(explorer_threads, fail_to_start_when_told) {
  EXPECT_EQ(ending_of([] {
              explore::fail_thread_start(2);
              std::jthread first([] {});
              EXPECT_THROW(std::thread([] {}), std::system_error);
              std::jthread third([] {});
            }),
            ending::passed);
}

}  // namespace
