// Timed waits in place of waits: code that wakes up now and then to look
// is found where a test says that it must not.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <string>
#include <thread>

#include "ending_of.hpp"
#include "explore/report.hpp"
#include "grading/grading.hpp"

namespace {

using namespace std::chrono_literals;
using explore::ending;
using explore::ending_of;

/// A flag to wait for, by `wait(lock)` or by looking every 10 ms.
template <bool Polls>
class event {
 public:
  void set() {
    std::scoped_lock lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    while (!set_) {
      if constexpr (Polls) {
        changed_.wait_for(lock, 10ms);
      } else {
        changed_.wait(lock);
      }
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

template <bool Polls>
void wait_for_an_event() {
  event<Polls> happened;
  std::jthread waiter([&] { happened.wait(); });
  explore::settle();
  happened.set();
}

constexpr explore::options no_polling{.polls = false};

TEST(explorer_finds, timed_wait_where_nothing_may_poll) {
  EXPECT_EQ(ending_of(wait_for_an_event<true>, no_polling),
            ending::polling);
  EXPECT_EQ(ending_of(wait_for_an_event<true>), ending::passed);
  EXPECT_EQ(ending_of(wait_for_an_event<false>, no_polling),
            ending::passed);
}

TEST(explorer_finds, polling_of_every_kind) {
  EXPECT_EQ(ending_of(
                [] {
                  std::timed_mutex mutex;
                  EXPECT_TRUE(mutex.try_lock_for(1ms));
                  mutex.unlock();
                },
                no_polling),
            ending::polling);
  EXPECT_EQ(ending_of(
                [] {
                  std::shared_timed_mutex mutex;
                  EXPECT_TRUE(mutex.try_lock_shared_for(1ms));
                  mutex.unlock_shared();
                },
                no_polling),
            ending::polling);
  EXPECT_EQ(ending_of(
                [] {
                  std::counting_semaphore none(0);
                  EXPECT_FALSE(none.try_acquire_for(1ms));
                },
                no_polling),
            ending::polling);
  EXPECT_EQ(ending_of(
                [] {
                  std::promise<void> never;
                  never.get_future().wait_for(1ms);
                },
                no_polling),
            ending::polling);
}

TEST(explorer_passes, waits_and_tries_where_nothing_may_poll) {
  EXPECT_EQ(ending_of(
                [] {
                  std::timed_mutex mutex;
                  EXPECT_TRUE(mutex.try_lock());
                  mutex.unlock();
                  std::shared_timed_mutex shared;
                  EXPECT_TRUE(shared.try_lock_shared());
                  EXPECT_FALSE(shared.try_lock());
                  shared.unlock_shared();
                  std::counting_semaphore none(0);
                  EXPECT_FALSE(none.try_acquire());
                  std::this_thread::sleep_for(1ms);
                  std::atomic<int> changed = 0;
                  std::jthread other([&] {
                    changed = 1;
                    changed.notify_one();
                  });
                  changed.wait(0);
                  std::condition_variable_any any;
                  any.wait_until(
                      mutex,
                      std::chrono::steady_clock::time_point::max(),
                      [] { return true; });
                },
                {.spurious_wakeups = false, .polls = false}),
            ending::passed);
}

TEST(explorer_counts, timed_waits) {
  EXPECT_EQ(ending_of([] {
              std::mutex mutex;
              std::condition_variable never;
              EXPECT_EQ(explore::timed_waits(), 0);
              std::unique_lock lock(mutex);
              never.wait_for(lock, 1s);
              EXPECT_EQ(explore::timed_waits(), 1);
              std::this_thread::sleep_for(1s);
              EXPECT_EQ(explore::timed_waits(), 1);
            }),
            ending::passed);
}

// A caller that only tries does not wait for others to come to rest.
TEST(explorer_passes, tries_of_a_shared_lock_take_no_time) {
  EXPECT_EQ(ending_of(
                [] {
                  std::shared_mutex mutex;
                  std::jthread holder([&] {
                    std::scoped_lock lock(mutex);
                    std::this_thread::sleep_for(1s);
                  });
                  while (explore::sleeping() == 0) {
                    std::this_thread::yield();
                  }
                  EXPECT_FALSE(mutex.try_lock_shared());
                  EXPECT_FALSE(mutex.try_lock());
                  EXPECT_EQ(explore::now(), 0s);
                },
                {.timeouts_race = false}),
            ending::passed);
}

TEST(report, polling) {
  explore::search looking(wait_for_an_event<true>, no_polling);
  looking.replay(looking.run().id, true);
  const auto told =
      explore::build_story(looking.log(), "the schedule", false);
  EXPECT_EQ(told.what,
            "a thread begins a timed wait where it should block until "
            "it is woken: it polls");
  ASSERT_EQ(told.why.size(), 1u);
  EXPECT_NE(told.why[0].find("changed_.wait_for(lock, 10ms);"),
            std::string::npos)
      << told.why[0];
}

}  // namespace
