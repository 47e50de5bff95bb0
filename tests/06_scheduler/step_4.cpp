// Step 6.4: the local queue and runnext.

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gmp.hpp"
#include "grading/grading.hpp"
#include "on_one.hpp"
#include "ring.hpp"

namespace workbook::gmp::step_4 {
namespace {

using namespace testing_kit;

GRADED(gmp_ring, is_first_in_first_out, 6.4, 1) {
  contract("Removes the oldest entry; null if there is none.");
  std::array<int, 12> entries{};
  ring<int, 4> queue;

  // Beyond the end of the array, and around it.
  for (int& each : entries) {
    EXPECT_TRUE(queue.push(&each));
    EXPECT_EQ(queue.pop(), &each);
  }

  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.size(), 0u);
}

GRADED(gmp_ring, is_full_at_its_limit, 6.4, 1) {
  contract("false if the ring is full");
  contract("Full at `limit` entries, at most Capacity.");
  std::array<int, 5> entries{};
  ring<int, 4> queue;
  ring<int, 4> shorter(2);

  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(queue.push(&entries[i])) << i;
    EXPECT_EQ(shorter.push(&entries[i]), i < 2) << i;
  }

  EXPECT_FALSE(queue.push(&entries[4]));
  EXPECT_EQ(queue.pop(), &entries[0]) << "the full ring lost an entry";
}

// The owner reuses a slot as soon as it is given free.
EXPLORED(gmp_ring, any_thread_may_pop, 6.4, 1) {
  contract("pop, take_half and size are for any thread");
  contract("A slot is written again only after head_ has passed it.");
  std::array<int, 4> entries{};
  std::array<std::atomic<int>, 4> taken{};
  ring<int, 2> queue;
  const auto take = [&] {
    if (int* const entry = queue.pop()) {
      ++taken[static_cast<std::size_t>(entry - entries.data())];
    }
  };

  std::jthread other([&] {
    explore::role("other");
    take();
    take();
  });
  for (int& each : entries) {
    while (!queue.push(&each)) {
      take();
    }
  }
  other.join();
  take();
  take();

  for (const auto& each : taken) {
    EXPECT_EQ(each, 1);
  }
}

GRADED(gmp_queue, overflow_moves_half_and_the_newcomer, 6.4, 2) {
  contract("half of it, the oldest, and then `g` move to the global");
  contract("How many goroutines a local queue holds");
  history happened;
  options wanted = one_processor();
  wanted.queue_limit = 4;

  run_on_one(
      [&] {
        processor& p = runtime_call::here_and_now();
        std::vector<handle> all;
        for (int i = 0; i < 4; ++i) {
          all.push_back(
              go([&, i] { happened.push_back(std::to_string(i)); }));
        }
        EXPECT_EQ(p.queue.size(), 4u);
        yield();  // the fifth: 0, 1 and main move to the global queue
        EXPECT_EQ(happened, (history{"2", "3", "0", "1"}));
        for (handle& each : all) {
          each.join();
        }
      },
      wanted);

  EXPECT_EQ(happened, (history{"2", "3", "0", "1"}))
      << "the order, or a goroutine, was lost";
}

GRADED(gmp_queue, who_is_woken_is_next, 6.4, 1) {
  contract("Makes `g` runnable, next to run here");
  history happened;

  run_on_one([&] {
    handle joined;
    handle target = go([&] { happened.push_back("target"); });
    handle waits = go([&] {
      target.join();
      happened.push_back("woken");
    });
    handle other = go([&] { happened.push_back("other"); });
    // target ends before waits joins; so wake main through runnext:
    waits.join();
    happened.push_back("main");
    other.join();
  });

  EXPECT_EQ(happened, (history{"target", "woken", "main", "other"}))
      << "main was woken by the end of `waits`, and goes before "
         "`other`";
}

GRADED(gmp_queue, who_was_next_moves_to_the_tail, 6.4, 1) {
  contract("The one that was next moves to");
  contract("Makes `g` runnable, at the tail of the queue.");
  history happened;

  run_on_one([&] {
    processor& p = runtime_call::here_and_now();
    const auto made = [&](const char* name) -> goroutine& {
      goroutine& g = p.make_goroutine();
      g.store([&happened, name] { happened.emplace_back(name); });
      g.owner.store(goroutine::dropped);
      return g;
    };
    p.push(made("queued"));
    p.ready(made("was next"));
    p.ready(made("next"));
    yield();
  });

  EXPECT_EQ(happened, (history{"next", "queued", "was next"}));
}

GRADED(gmp_queue, a_chain_of_hand_overs_ends, 6.4, 1) {
  contract("So many hand-overs in a row go through runnext.");
  int turns = 0;
  int seen = -1;

  run_on_one([&] {
    handle outsider = go([&] { seen = turns; });
    EXPECT_EQ(runtime_call::here_and_now().queue.size(), 1u);
    // Each joins the next, whose end wakes it: a chain of runnext.
    for (; turns < 200; ++turns) {
      go([] {}).join();
    }
    outsider.join();
  });

  EXPECT_GE(seen, 0);
  EXPECT_LE(seen, 2) << "the oldest goroutine waits for newer ones";
}

GRADED(gmp_queue, runnext_pair_does_not_starve_the_queue, 6.4, 1) {
  contract("So many hand-overs in a row go through runnext.");
  int turns = 0;
  int seen = -1;

  run_on_one([&] {
    handle outsider = go([&] { seen = turns; });
    processor& p = runtime_call::here_and_now();
    EXPECT_EQ(p.queue.size(), 1u);
    goroutine& self = runtime_call::self();
    for (; turns < 1000 && seen < 0; ++turns) {
      p.ready(self);
      run_next(*here(), p);
    }
    outsider.join();
  });

  EXPECT_GE(seen, 0);
  EXPECT_LE(seen, 64) << "the chain of hand-overs had no end";
}

}  // namespace
}  // namespace workbook::gmp::step_4
