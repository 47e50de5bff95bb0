// Step 6.5: the global queue and fairness.

#include <cstdint>
#include <string>
#include <vector>

#include "gmp.hpp"
#include "grading/grading.hpp"
#include "on_one.hpp"

namespace workbook::gmp::step_5 {
namespace {

using namespace testing_kit;

GRADED(gmp_global, gives_a_fair_share_and_one, 6.5, 1) {
  contract("takes at once: a fair share and one, at most `most`");
  EXPECT_EQ(fair_share(0, 4, 128), 0u);
  EXPECT_EQ(fair_share(1, 4, 128), 1u);
  EXPECT_EQ(fair_share(7, 4, 128), 2u);
  EXPECT_EQ(fair_share(8, 4, 128), 3u);
  EXPECT_EQ(fair_share(3, 1, 128), 3u) << "never more than there are";
  EXPECT_EQ(fair_share(1000, 2, 128), 128u);
}

GRADED(gmp_global, has_its_turn_under_local_load, 6.5, 3) {
  contract("Every so many picks the global queue, the timers and the");
  std::uint32_t picks = 0;
  bool ran = false;

  run_on_one([&] {
    EXPECT_EQ(fair_share(1, 1, 128), 1u);
    processor& p = runtime_call::here_and_now();
    goroutine& g = p.make_goroutine();
    g.store([&] { ran = true; });
    g.owner.store(goroutine::dropped);
    p.home.global_.push(g);
    handle busy = go([&] {
      while (!ran && picks < 1000) {
        yield();
      }
    });
    while (!ran && picks < 1000) {
      ++picks;
      yield();  // the local queue is never empty
    }
    busy.join();
  });

  EXPECT_TRUE(ran) << "the global queue starves";
  EXPECT_LE(picks, 61u);
}

GRADED(gmp_global, is_taken_from_when_the_local_queue_is_empty, 6.5,
       2) {
  contract("null if there is none here, nor in the global");
  contract(
      "A queue of goroutines, linked by `next`, first in, first out.");
  contract(
      "Puts the calling goroutine at the tail of the global queue and "
      "runs");
  history happened;
  std::uint32_t picks = 0;

  run_on_one([&] {
    processor& p = runtime_call::here_and_now();
    EXPECT_EQ(fair_share(3, 1, 128), 3u);
    for (int i = 0; i < 3; ++i) {
      goroutine& g = p.make_goroutine();
      g.store([&, i] { happened.push_back(std::to_string(i)); });
      g.owner.store(goroutine::dropped);
      p.home.global_.push(g);
    }
    picks = p.tick.load();
    give_way(event_kind::yielded);
    picks = p.tick.load() - picks;
  });

  EXPECT_EQ(happened, (history{"0", "1", "2"}));
  EXPECT_LE(picks, 4u)
      << "nothing is in the local queue, and the global one waits for "
         "its turn";
}

}  // namespace
}  // namespace workbook::gmp::step_5
