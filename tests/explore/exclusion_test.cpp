// Algorithms that exclude each other with loads and stores alone, and
// readers that check afterwards: Peterson, the bakery, double-checked
// locking, the seqlock.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include "algorithm.hpp"
#include "explore/explore.hpp"
#include "grading/grading.hpp"
#include "on_threads.hpp"

namespace {

using namespace explore::algorithms;
using explore::ending;
using explore::on_threads;
using order = std::memory_order;

/// What the algorithms protect.
class section {
 public:
  /// To be called by one thread at a time, each of which has to see
  /// what the one before it did. The read-modify-write always reads the
  /// newest value, and orders nothing.
  void enter() {
    EXPECT_EQ(inside_.fetch_add(1, relaxed), 0);
    total_.store(total_.load(relaxed) + 1, relaxed);
    inside_.fetch_sub(1, relaxed);
  }

  int total() const { return total_.load(relaxed); }

 private:
  std::atomic<int> inside_ = 0;
  std::atomic<int> total_ = 0;
};

// ---- Peterson ----------------------------------------------------
// G. L. Peterson, Myths about the mutual exclusion problem, 1981.

template <order Store, order Load>
void peterson() {
  std::array<std::atomic<int>, 2> wants{};
  std::atomic<int> turn = 0;
  section guarded;
  on_threads(2, [&](int me) {
    const int other = 1 - me;
    auto& mine = wants[static_cast<std::size_t>(me)];
    auto& theirs = wants[static_cast<std::size_t>(other)];
    mine.store(1, Store);
    turn.store(other, Store);
    while (theirs.load(Load) == 1 && turn.load(Load) == other) {
      std::this_thread::yield();
    }
    guarded.enter();
    mine.store(0, release);
  });
  EXPECT_EQ(guarded.total(), 2);
}

/// A. Williams, Peterson's lock with C++0x atomics, 2008: the exchange
/// of `turn` reads the other's, which orders the two.
template <order Exchange>
void peterson_with_exchange() {
  std::array<std::atomic<int>, 2> wants{};
  std::atomic<int> turn = 0;
  section guarded;
  on_threads(2, [&](int me) {
    const int other = 1 - me;
    auto& mine = wants[static_cast<std::size_t>(me)];
    auto& theirs = wants[static_cast<std::size_t>(other)];
    mine.store(1, relaxed);
    turn.exchange(other, Exchange);
    while (theirs.load(acquire) == 1 && turn.load(relaxed) == other) {
      std::this_thread::yield();
    }
    guarded.enter();
    mine.store(0, release);
  });
  EXPECT_EQ(guarded.total(), 2);
}

// ---- Lamport's bakery ---------------------------------------------
// L. Lamport, A new solution of Dijkstra's concurrent programming
// problem, CACM 1974.

template <int Threads, order Store, order Load>
void bakery() {
  std::array<std::atomic<int>, Threads> choosing{};
  std::array<std::atomic<int>, Threads> number{};
  section guarded;
  on_threads(Threads, [&](int id) {
    const auto me = static_cast<std::size_t>(id);
    choosing[me].store(1, Store);
    int most = 0;
    for (const auto& each : number) {
      most = std::max(most, each.load(Load));
    }
    number[me].store(most + 1, Store);
    choosing[me].store(0, Store);
    for (std::size_t i = 0; i < Threads; ++i) {
      while (choosing[i].load(Load) == 1) {
        std::this_thread::yield();
      }
      for (int his = number[i].load(Load);
           his != 0 && std::pair(his, i) < std::pair(most + 1, me);
           his = number[i].load(Load)) {
        std::this_thread::yield();
      }
    }
    guarded.enter();
    number[me].store(0, Store);
  });
  EXPECT_EQ(guarded.total(), Threads);
}

// ---- Double-checked locking ---------------------------------------
// S. Meyers and A. Alexandrescu, C++ and the perils of double-checked
// locking, 2004.

/// `Field`: of the object that is made; plain, or atomic.
template <typename Field, order Publish, order Look>
void double_checked() {
  struct made {
    Field value{0};
  };
  static made only;
  std::mutex mutex;
  std::atomic<made*> instance = nullptr;
  on_threads(2, [&](int) {
    made* found = instance.load(Look);
    if (found == nullptr) {
      std::scoped_lock lock(mutex);
      found = instance.load(relaxed);
      if (found == nullptr) {
        found = &only;
        if constexpr (std::is_same_v<Field, int>) {
          found->value = 42;
        } else {
          found->value.store(42, relaxed);
        }
        instance.store(found, Publish);
      }
    }
    if constexpr (std::is_same_v<Field, int>) {
      EXPECT_EQ(found->value, 42);
    } else {
      EXPECT_EQ(found->value.load(relaxed), 42);
    }
  });
}

// ---- Seqlock ------------------------------------------------------
// H. Boehm, Can seqlocks get along with programming language memory
// models?, MSPC 2012: figures 3 to 6.

struct seqlock_orders {
  order begin = relaxed;        // the writer's first store
  order begin_fence = release;  // after it
  order end_fence = acquire;    // before the reader's second load
  order end = relaxed;          // the second load
};

template <seqlock_orders Orders>
void seqlock() {
  std::atomic<unsigned> sequence = 0;
  std::atomic<int> left = 0;
  std::atomic<int> right = 0;
  const std::jthread writer = explore::actor("writer", [&] {
    for (const unsigned begun : {1u, 3u}) {
      sequence.store(begun, Orders.begin);
      std::atomic_thread_fence(Orders.begin_fence);
      left.store(static_cast<int>(begun), relaxed);
      right.store(static_cast<int>(begun), relaxed);
      sequence.store(begun + 1, release);
    }
  });
  const unsigned before = sequence.load(acquire);
  const int seen_left = left.load(relaxed);
  const int seen_right = right.load(relaxed);
  std::atomic_thread_fence(Orders.end_fence);
  const unsigned after = sequence.load(Orders.end);
  if (before == after && before % 2 == 0) {
    EXPECT_EQ(seen_left, seen_right);
  }
}

constexpr seqlock_orders published{};
constexpr seqlock_orders load_for_a_fence{.end_fence = relaxed,
                                          .end = acquire};
constexpr seqlock_orders store_for_a_fence{.begin = release,
                                           .begin_fence = relaxed};

class exclusion : public algorithm {};

TEST_P(exclusion, is_judged) {
  check(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    peterson, exclusion,
    testing::Values(form{"all_seq_cst", peterson<seq_cst, seq_cst>,
                         every_schedule()},
                    form{"with_exchange",
                         peterson_with_exchange<acq_rel>,
                         every_schedule()},
                    form{"release_and_acquire",
                         peterson<release, acquire>,
                         {},
                         ending::expectation,
                         {"(stale)", "reads 0, stored before"}},
                    form{"relaxed_loads",
                         peterson<seq_cst, relaxed>,
                         {},
                         ending::expectation,
                         {"(stale)"}},
                    form{"with_relaxed_exchange",
                         peterson_with_exchange<relaxed>,
                         {},
                         ending::expectation,
                         {"(stale)"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    bakery, exclusion,
    testing::Values(form{"two_all_seq_cst", bakery<2, seq_cst, seq_cst>,
                         every_schedule()},
                    form{"three_all_seq_cst",
                         bakery<3, seq_cst, seq_cst>,
                         {.schedules = 2'000}},
                    form{"two_release_and_acquire",
                         bakery<2, release, acquire>,
                         {},
                         ending::expectation,
                         {"(stale)"}},
                    form{"three_release_and_acquire",
                         bakery<3, release, acquire>,
                         {},
                         ending::expectation,
                         {"(stale)"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    double_checked, exclusion,
    testing::Values(
        form{"plain", double_checked<int, release, acquire>,
             every_schedule()},
        form{"atomic",
             double_checked<std::atomic<int>, release, acquire>,
             every_schedule()},
        form{"plain_and_relaxed_store",
             double_checked<int, relaxed, acquire>,
             {},
             ending::race},
        form{"plain_and_relaxed_load",
             double_checked<int, release, relaxed>,
             {},
             ending::race},
        form{"relaxed_store",
             double_checked<std::atomic<int>, relaxed, acquire>,
             {},
             ending::expectation,
             {"(stale)", "it needs release"}},
        form{"relaxed_load",
             double_checked<std::atomic<int>, release, relaxed>,
             {},
             ending::expectation,
             {"(stale)", "it needs acquire"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    seqlock, exclusion,
    testing::Values(form{"as_published", seqlock<published>,
                         every_schedule()},
                    form{"a_load_for_the_readers_fence",
                         seqlock<load_for_a_fence>,
                         every_schedule(),
                         ending::expectation,
                         {"(stale)", "sequence"}},
                    form{"a_store_for_the_writers_fence",
                         seqlock<store_for_a_fence>,
                         every_schedule(),
                         ending::expectation,
                         {"(stale)", "sequence"}}),
    name_of);

}  // namespace
