// Step 6.10: stealing, spinning, sleeping.

#include <array>
#include <atomic>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "grading/grading.hpp"
#include "on_one.hpp"
#include "ring.hpp"
#include "select.hpp"
#include "wait_group.hpp"

namespace workbook::gmp::step_10 {
namespace {

using namespace testing_kit;

GRADED(gmp_steal, takes_half_rounded_up, 6.10, 1) {
  contract("half, rounded up, so that one");
  EXPECT_EQ(how_many_to_steal(0), 0u);
  EXPECT_EQ(how_many_to_steal(1), 1u) << "one is never stolen";
  EXPECT_EQ(how_many_to_steal(2), 1u);
  EXPECT_EQ(how_many_to_steal(5), 3u);
  EXPECT_EQ(how_many_to_steal(256), 128u);
}

// The owner pushes and pops; a thief takes. Nothing is lost or doubled.
EXPLORED(gmp_steal, a_ring_loses_and_doubles_nothing, 6.10, 1) {
  contract("an entry belongs to whoever moved head_");
  std::array<int, 6> entries{};
  std::array<std::atomic<int>, 6> taken{};
  ring<int, 2> queue;
  EXPECT_EQ(how_many_to_steal(2), 1u);
  const auto note = [&](int* entry) {
    ++taken[static_cast<std::size_t>(entry - entries.data())];
  };

  std::jthread thief([&] {
    explore::role("thief");
    std::array<int*, 3> loot{};
    for (int i = 0; i < 2; ++i) {
      const auto n = queue.take_half(loot.data());
      for (std::uint32_t each = 0; each < n; ++each) {
        note(loot[each]);
      }
    }
  });
  for (int& each : entries) {
    while (!queue.push(&each)) {
      if (int* const own = queue.pop()) {
        note(own);
      }
    }
  }
  thief.join();
  while (int* const own = queue.pop()) {
    note(own);
  }

  for (const auto& each : taken) {
    EXPECT_EQ(each, 1);
  }
}

// A machine that goes to sleep while work is made must not miss it.
EXPLORED(gmp_idle, no_wakeup_is_lost, 6.10, 1, .schedules = 200) {
  contract("If a goroutine may run and a processor is idle, then");
  contract("wakes a machine if one");
  std::atomic<int> ran = 0;
  scheduler all(several(2));

  all.run([&] {
    // The first goroutine is busy: only another machine can run them.
    for (int i = 0; i < 2; ++i) {
      (void)go([&] { ++ran; });
      while (ran == i) {
        std::this_thread::yield();
      }
    }
  });

  EXPECT_EQ(ran, 2);
}

EXPLORED(gmp_idle, all_that_is_started_runs, 6.10, 1,
         .schedules = 150) {
  contract("Blocks until there is a goroutine for `m` to run");
  EXPECT_EQ(how_many_to_steal(6), 3u);
  std::atomic<int> ran = 0;
  scheduler all(several(2));

  all.run([&] {
    wait_group done;
    done.add(6);
    for (int i = 0; i < 6; ++i) {
      (void)go([&] {
        ++ran;
        done.done();
      });
    }
    done.wait();
  });

  EXPECT_EQ(ran, 6);
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(gmp_idle, goes_on_if_a_thread_does_not_start, 6.10, 1,
         .schedules = 100) {
  contract("those that there are run everything");
  std::atomic<int> ran = 0;
  scheduler all(several(2));

  explore::fail_thread_start();
  all.run([&] {
    (void)go([&] { ++ran; });  // no machine can be started for it
    (void)go([&] { ++ran; });  // the next start succeeds
    while (ran < 2) {
      std::this_thread::yield();
    }
  });

  EXPECT_EQ(ran, 2);
}

EXPLORED(gmp_idle, a_parked_goroutine_wakes_elsewhere, 6.10, 1,
         .schedules = 150) {
  contract("`suspended` is true while the stack's context may be");
  contract("The waker may be faster than the switch");
  contract(
      "A context may be resumed once the context that runs after it "
      "has");
  EXPECT_EQ(how_many_to_steal(2), 1u);
  scheduler all(several(2));
  int sum = 0;

  all.run([&] {
    wait_group done;
    done.add(2);
    handle one = go([&] {
      yield();
      done.done();
    });
    handle two = go([&] {
      yield();
      done.done();
    });
    done.wait();
    one.join();
    two.join();
    sum = 2;
  });

  EXPECT_EQ(sum, 2);
}

// Each of two machines is about to leave a stack, and takes over the
// goroutine that the other one is leaving.
EXPLORED(gmp_idle, no_two_machines_wait_for_each_other, 6.10, 1,
         .schedules = 150) {
  contract("so no two machines");
  EXPECT_EQ(how_many_to_steal(2), 1u);
  scheduler all(several(2));
  std::atomic<int> woken = 0;

  all.run([&] {
    std::atomic<bool> runs = false;
    handle other = go([&] {
      runs = true;
      for (int i = 0; i < 2; ++i) {
        sleep_until(clock::now());  // any machine may find it due
        ++woken;
      }
    });
    while (!runs) {
      std::this_thread::yield();
    }
    for (int i = 0; i < 2; ++i) {
      sleep_until(clock::now());
      ++woken;
    }
    other.join();
  });

  EXPECT_EQ(woken, 4);
}

// Each of two processors selects from the same two channels, in
// opposite orders.
EXPLORED(gmp_select, no_two_selects_lock_each_other_out, 6.10, 1,
         .schedules = 200) {
  contract("so two selects over the same channels do not deadlock");
  EXPECT_EQ(how_many_to_steal(3), 2u);
  scheduler all(several(2));
  std::atomic<int> returned = 0;

  all.run([&] {
    channel<int> one;
    channel<int> two;
    const auto poll = [&](channel<int>& first, channel<int>& second) {
      std::optional<int> got;
      const auto taken =
          gmp::select(receive_from(first, got),
                      receive_from(second, got), otherwise());
      EXPECT_EQ(taken.index, 2u);
      ++returned;
    };
    std::atomic<bool> runs = false;
    handle other = go([&] {
      runs = true;
      poll(two, one);
      poll(two, one);
    });
    while (!runs) {
      std::this_thread::yield();
    }
    poll(one, two);
    poll(one, two);
    other.join();
  });

  EXPECT_EQ(returned, 4);
}

}  // namespace
}  // namespace workbook::gmp::step_10
