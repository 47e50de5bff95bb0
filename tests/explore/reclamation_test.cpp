// Safe reclamation: RCU and hazard pointers. An object is taken back
// when no reader can have it any more.

#include <atomic>
#include <thread>

#include "algorithm.hpp"
#include "explore/explore.hpp"
#include "grading/grading.hpp"

namespace {

using namespace explore::algorithms;
using explore::ending;
using order = std::memory_order;

/// Whose value is 0 while it is not made yet, and once it is reclaimed.
struct object {
  std::atomic<int> value = 0;
};

/// M. Desnoyers et al., User-level implementations of read-copy update,
/// 2012; here with one reader and a flag for a counter.
template <order Publish, order Read, order Enter, order Synchronize>
void read_copy_update() {
  object old{1};
  object fresh;
  std::atomic<object*> current = &old;
  std::atomic<int> reading = 0;
  const std::jthread reader = explore::actor("reader", [&] {
    reading.store(1, relaxed);
    std::atomic_thread_fence(Enter);
    const object* seen = current.load(Read);
    EXPECT_NE(seen->value.load(relaxed), 0);
    reading.store(0, release);
  });
  fresh.value.store(2, relaxed);
  current.store(&fresh, Publish);
  std::atomic_thread_fence(Synchronize);
  while (reading.load(acquire) == 1) {
    std::this_thread::yield();
  }
  old.value.store(0, relaxed);
}

/// M. M. Michael, Hazard pointers: safe memory reclamation for
/// lock-free objects, 2004.
template <order Protect, order Scan, bool LooksAgain>
void hazard_pointer() {
  object old{1};
  object fresh{2};
  std::atomic<object*> current = &old;
  std::atomic<object*> hazard = nullptr;
  const std::jthread reader = explore::actor("reader", [&] {
    object* seen = current.load(acquire);
    for (object* before = nullptr; before != seen;) {
      before = seen;
      hazard.store(seen, relaxed);
      std::atomic_thread_fence(Protect);
      seen = LooksAgain ? current.load(acquire) : before;
    }
    EXPECT_NE(seen->value.load(relaxed), 0);
    hazard.store(nullptr, release);
  });
  object* const retired = current.exchange(&fresh, acq_rel);
  std::atomic_thread_fence(Scan);
  while (hazard.load(acquire) == retired) {
    std::this_thread::yield();
  }
  retired->value.store(0, relaxed);
}

class reclamation : public algorithm {};

TEST_P(reclamation, is_judged) {
  check(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    rcu, reclamation,
    testing::Values(
        form{"as_published",
             read_copy_update<release, acquire, seq_cst, seq_cst>,
             every_schedule()},
        form{"relaxed_publication",
             read_copy_update<relaxed, acquire, seq_cst, seq_cst>,
             {},
             ending::expectation,
             {"(stale)", "it needs release"}},
        form{"relaxed_read",
             read_copy_update<release, relaxed, seq_cst, seq_cst>,
             {},
             ending::expectation,
             {"(stale)", "it needs acquire"}},
        form{"without_the_readers_fence",
             read_copy_update<release, acquire, relaxed, seq_cst>,
             {},
             ending::expectation,
             {"(stale)"}},
        form{"without_the_writers_fence",
             read_copy_update<release, acquire, seq_cst, relaxed>,
             {},
             ending::expectation,
             {"(stale)"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    hazard_pointer, reclamation,
    testing::Values(form{"as_published",
                         hazard_pointer<seq_cst, seq_cst, true>,
                         every_schedule()},
                    form{"without_the_readers_fence",
                         hazard_pointer<relaxed, seq_cst, true>,
                         {},
                         ending::expectation,
                         {"(stale)"}},
                    form{"without_the_writers_fence",
                         hazard_pointer<seq_cst, relaxed, true>,
                         {},
                         ending::expectation,
                         {"(stale)"}},
                    form{"without_a_second_look",
                         hazard_pointer<seq_cst, seq_cst, false>,
                         {},
                         ending::expectation,
                         {"current"}}),
    name_of);

}  // namespace
