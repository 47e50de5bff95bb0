// Step 6.6: park and ready: wait group, mutex, condition variable.

#include <mutex>
#include <string>
#include <vector>

#include "grading/grading.hpp"
#include "mutex.hpp"
#include "on_one.hpp"
#include "wait_group.hpp"

namespace workbook::gmp::step_6 {
namespace {

using namespace testing_kit;

// Document 004's own program.
GRADED(gmp_wait_group, counts_a_thousand, 6.6, 2) {
  contract("Blocks the goroutine while the count is not zero.");
  contract("Waits for a number of goroutines.");
  contract("Returns once the calling one was made");
  int counter = 0;

  run_on_one([&] {
    wait_group all;
    all.add(1);
    (void)go([&] {
      for (int i = 0; i < 1000; ++i) {
        ++counter;
      }
      all.done();
    });
    all.wait();
    EXPECT_EQ(counter, 1000) << "wait came back before done";
  });

  EXPECT_EQ(counter, 1000);
}

GRADED(gmp_wait_group, wakes_all_who_wait, 6.6, 1) {
  contract("the last one wakes all waiters");
  contract("Expects `n` more calls of done().");
  history happened;

  run_on_one([&] {
    wait_group all;
    all.add(2);
    std::vector<handle> waiting;
    for (int i = 0; i < 3; ++i) {
      waiting.push_back(go([&, i] {
        all.wait();
        happened.push_back(std::to_string(i));
      }));
    }
    yield();
    all.done();
    yield();
    EXPECT_TRUE(happened.empty()) << "one of two is not all";
    all.done();
    for (handle& each : waiting) {
      each.join();
    }
  });

  EXPECT_EQ(happened.size(), 3u);
}

GRADED(gmp_mutex, keeps_all_others_out, 6.6, 1) {
  contract("Blocks the goroutine until the mutex is its own.");
  contract("Takes the mutex if it is free at once.");
  int inside = 0;
  int most = 0;

  run_on_one([&] {
    mutex one;
    std::vector<handle> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(go([&] {
        for (int turn = 0; turn < 5; ++turn) {
          const std::scoped_lock lock(one);
          most = std::max(most, ++inside);
          yield();
          --inside;
        }
      }));
    }
    for (handle& each : all) {
      each.join();
    }
    EXPECT_TRUE(one.try_lock()) << "the last unlock did not free it";
    EXPECT_FALSE(one.try_lock());
    one.unlock();
  });

  EXPECT_EQ(most, 1);
}

GRADED(gmp_mutex, no_waiter_loses_twice, 6.6, 2) {
  contract("no waiter loses twice");
  contract("gets it handed over by the next unlock");
  contract("Gives it back; wakes one that waits.");
  int turns = 0;
  int turns_until_locked = -1;

  run_on_one([&] {
    mutex one;
    one.lock();
    handle waits = go([&] {
      one.lock();
      turns_until_locked = turns;
      one.unlock();
    });
    yield();  // it waits
    for (; turns < 10 && turns_until_locked < 0; ++turns) {
      one.unlock();
      if (!one.try_lock()) {
        yield();
        one.lock();
        continue;
      }
      yield();  // it is woken, and finds the mutex taken
    }
    one.unlock();
    waits.join();
  });

  EXPECT_GE(turns_until_locked, 0);
  EXPECT_LE(turns_until_locked, 2)
      << "a goroutine that runs is always faster than one that waits";
}

GRADED(gmp_condition, wakes_the_longest_waiting_first, 6.6, 2) {
  contract("Wakes the goroutine that has waited longest, if any.");
  contract("Wakes all that wait.");
  history happened;

  run_on_one([&] {
    mutex one;
    condition_variable changed;
    std::vector<handle> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back(go([&, i] {
        std::unique_lock lock(one);
        changed.wait(lock);
        happened.push_back(std::to_string(i));
      }));
    }
    yield();
    changed.notify_one();
    yield();
    EXPECT_EQ(happened, (history{"0"}));
    changed.notify_all();
    for (handle& each : all) {
      each.join();
    }
  });

  EXPECT_EQ(happened, (history{"0", "1", "2"}));
}

GRADED(gmp_condition, unlocks_while_it_waits, 6.6, 1) {
  contract("Unlocks, blocks until notified, locks again.");
  bool was_free = false;
  bool is_taken = false;

  run_on_one([&] {
    mutex one;
    condition_variable changed;
    handle waits = go([&] {
      std::unique_lock lock(one);
      changed.wait(lock);
      is_taken = !one.try_lock();
    });
    yield();
    was_free = one.try_lock();
    if (was_free) {
      one.unlock();
    }
    changed.notify_one();
    waits.join();
  });

  EXPECT_TRUE(was_free);
  EXPECT_TRUE(is_taken) << "the mutex is not locked after the wait";
}

}  // namespace
}  // namespace workbook::gmp::step_6
