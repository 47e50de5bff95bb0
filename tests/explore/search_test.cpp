// The search itself: what it finds in a pool with one of the classic
// bugs, that it is the same search each time, and where it ends.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <latch>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "ending_of.hpp"
#include "explore/strategy.hpp"
#include "explore/thread.hpp"
#include "grading/grading.hpp"
#include "toy_pool_test.hpp"

namespace {

using explore::bug;
using explore::ending;
using explore::ending_of;
using explore::run_pool;
using explore::toy_pool;

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

TEST(explorer_search, knows_that_a_path_was_too_long_for_it) {
  const auto path = std::make_unique<explore::path>();
  const auto chooser = explore::exhaustive_search(*path, 0, 0, false);
  for (int i = 0; i < explore::max_choices; ++i) {
    chooser->pick(2);
  }
  EXPECT_FALSE(path->truncated);
  chooser->pick(2);
  EXPECT_TRUE(path->truncated);
}

/// A chain of steps of one thread, and one step of another that must
/// come just before the last one of it: PCT of depth 2 draws its change
/// point uniformly, so a late place is as likely as an early one.
TEST(explorer_search, draws_pct_points_from_the_whole_schedule) {
  int late = 0;
  constexpr int seeds = 400;
  constexpr std::size_t length = 1'000;
  for (std::uint64_t seed = 3; seed < 8 * seeds; seed += 8) {
    ASSERT_TRUE(explore::strategy_name(seed, false)
                    .starts_with("PCT of depth 2"));
    const auto walk = explore::strategy_for(seed, false, length);
    const auto threads =
        std::make_unique<std::array<explore::thread, 2>>();
    explore::thread* runnable[] = {&(*threads)[0], &(*threads)[1]};
    for (explore::thread* each : runnable) {
      walk->on_thread_created(*each);
    }
    explore::thread* running =
        runnable[walk->next(runnable, nullptr, false)];
    const explore::thread* const first = running;
    for (std::size_t i = 0; i < length / 2; ++i) {
      running = runnable[walk->next(runnable, running, false)];
    }
    if (running != first) {
      continue;
    }
    for (std::size_t i = length / 2; i < length; ++i) {
      running = runnable[walk->next(runnable, running, false)];
    }
    late += running != first ? 1 : 0;
  }
  EXPECT_GT(late, seeds * 2 / 5);
  EXPECT_LT(late, seeds * 3 / 5);
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

// Whether the calling thread gets a block of so many bytes.
bool gets(std::size_t bytes) {
  try {
    const auto block = std::make_unique<char[]>(bytes);
    const volatile char* const used = block.get();
    return *used == 0;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

TEST(explorer_memory, is_missing_when_told) {
  EXPECT_EQ(ending_of([] {
              std::array<bool, 3> got = {};
              {
                const explore::missing_block missing(1);
                for (bool& each : got) {
                  each = gets(1);
                }
              }
              EXPECT_TRUE(got[0] && !got[1] && got[2]);
            }),
            ending::passed);
}

TEST(explorer_memory, is_missing_for_large_blocks_of_one_thread) {
  EXPECT_EQ(ending_of([] {
              std::latch missing_here(1);
              std::jthread other([&] {
                missing_here.wait();
                EXPECT_TRUE(gets(1'000));
              });
              bool small = false;
              bool large = true;
              {
                const explore::missing_block missing(0, 1'000);
                missing_here.count_down();
                small = gets(999);
                large = gets(1'000);
              }
              EXPECT_TRUE(small);
              EXPECT_FALSE(large);
            }),
            ending::passed);
}

}  // namespace
