// Lock-free structures: the Chase-Lev deque and the Treiber stack.

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>

#include "algorithm.hpp"
#include "explore/explore.hpp"
#include "grading/grading.hpp"

namespace {

using namespace explore::algorithms;
using explore::ending;
using order = std::memory_order;

// ---- Chase-Lev deque ---------------------------------------------
// N. M. Lê, A. Pop, A. Cohen, F. Zappa Nardelli, Correct and efficient
// work-stealing for weak memory models, PPoPP 2013, figure 1.

struct deque_orders {
  order push_fence = release;
  order take_fence = seq_cst;
  order steal_fence = seq_cst;
  order array_store = release;  // by the owner, when it grows
  order array_load = acquire;   // by the thief
};

template <deque_orders Orders>
class deque {
 public:
  void push(int item) {
    const int bottom = bottom_.load(relaxed);
    if (bottom - top_.load(acquire) >= current_.load(relaxed)->size) {
      grow(bottom);
    }
    current_.load(relaxed)->at(bottom).store(item, relaxed);
    std::atomic_thread_fence(Orders.push_fence);
    bottom_.store(bottom + 1, relaxed);
  }

  /// 0: it is empty, or a thief was faster.
  int take() {
    const int bottom = bottom_.load(relaxed) - 1;
    bottom_.store(bottom, relaxed);
    std::atomic_thread_fence(Orders.take_fence);
    int top = top_.load(relaxed);
    if (top > bottom) {
      bottom_.store(bottom + 1, relaxed);
      return 0;
    }
    int item = current_.load(relaxed)->at(bottom).load(relaxed);
    if (top == bottom) {
      if (!top_.compare_exchange_strong(top, top + 1, seq_cst,
                                        relaxed)) {
        item = 0;
      }
      bottom_.store(bottom + 1, relaxed);
    }
    return item;
  }

  /// 0: it is empty, or another was faster.
  int steal() {
    int top = top_.load(acquire);
    std::atomic_thread_fence(Orders.steal_fence);
    if (top >= bottom_.load(acquire)) {
      return 0;
    }
    array& from = *current_.load(Orders.array_load);
    const int item = from.at(top).load(relaxed);
    return top_.compare_exchange_strong(top, top + 1, seq_cst, relaxed)
               ? item
               : 0;
  }

 private:
  struct array {
    explicit array(int places) : size(places) {}
    std::atomic<int>& at(int i) {
      return items[static_cast<std::size_t>(i % size)];
    }
    const int size;
    std::array<std::atomic<int>, 4> items{};
  };

  void grow(int bottom) {
    array& from = *current_.load(relaxed);
    for (int i = top_.load(relaxed); i < bottom; ++i) {
      larger_.at(i).store(from.at(i).load(relaxed), relaxed);
    }
    current_.store(&larger_, Orders.array_store);
  }

  std::atomic<int> top_ = 0;
  std::atomic<int> bottom_ = 0;
  array small_{1};
  array larger_{4};
  std::atomic<array*> current_ = &small_;
};

/// The owner pushes two items and takes one, a thief steals twice, the
/// owner takes what is left: each item comes out once.
template <deque_orders Orders>
void owner_and_thief() {
  deque<Orders> items;
  std::array<int, 3> seen{};
  std::array<int, 2> stolen{};
  std::jthread thief = explore::actor("thief", [&] {
    for (int& each : stolen) {
      each = items.steal();
    }
  });
  items.push(1);
  items.push(2);
  ++seen.at(static_cast<std::size_t>(items.take()));
  thief.join();
  for (int i = 0; i < 2; ++i) {
    ++seen.at(static_cast<std::size_t>(items.take()));
  }
  for (const int each : stolen) {
    ++seen.at(static_cast<std::size_t>(each));
  }
  EXPECT_EQ(seen[1], 1);
  EXPECT_EQ(seen[2], 1);
}

// ---- Treiber stack -----------------------------------------------
// R. K. Treiber, Systems programming: coping with parallelism, 1986;
// the tag is the modification count of the IBM System/370 manual.

template <bool Tagged, order Push, order Pop>
class stack {
 public:
  struct node {
    std::atomic<unsigned> next = 0;
    std::atomic<int> value = 0;
  };

  /// Of node 1, 2, …; 0 is none.
  node& at(unsigned index) { return nodes_.at(index); }

  void push(unsigned index) {
    unsigned head = head_.load(relaxed);
    do {
      at(index).next.store(head % tag, relaxed);
    } while (!head_.compare_exchange_strong(head, after(head) + index,
                                            Push, relaxed));
  }

  unsigned pop() {
    unsigned head = head_.load(Pop);
    while (head % tag != 0) {
      const unsigned next = at(head % tag).next.load(relaxed);
      if (head_.compare_exchange_strong(head, after(head) + next, Pop,
                                        Pop)) {
        break;
      }
    }
    return head % tag;
  }

 private:
  static constexpr unsigned tag = 16;

  static unsigned after(unsigned head) {
    return Tagged ? head - head % tag + tag : 0;
  }

  std::atomic<unsigned> head_ = 0;
  std::array<node, 3> nodes_{};
};

/// One thread pops two nodes and pushes the first again, while another
/// is about to pop that one (ABA): no node has two owners.
template <bool Tagged>
void reuse_a_node() {
  stack<Tagged, release, acquire> nodes;
  nodes.push(2);
  nodes.push(1);
  std::array<std::atomic<int>, 3> owners{};
  const auto pop = [&] {
    const unsigned got = nodes.pop();
    if (got != 0) {
      EXPECT_EQ(owners.at(got).fetch_add(1, relaxed), 0);
    }
    return got;
  };
  const std::jthread other = explore::actor("other", [&] {
    pop();
    pop();
  });
  const unsigned first = pop();
  pop();
  if (first != 0) {
    owners.at(first).fetch_sub(1, relaxed);
    nodes.push(first);
  }
}

template <order Push, order Pop>
void hand_over_a_value() {
  stack<true, Push, Pop> nodes;
  const std::jthread other = explore::actor("other", [&] {
    nodes.at(1).value.store(42, relaxed);
    nodes.push(1);
  });
  if (nodes.pop() == 1) {
    EXPECT_EQ(nodes.at(1).value.load(relaxed), 42);
  }
}

// ---- What a search finds -----------------------------------------

constexpr deque_orders as_published{};
constexpr deque_orders no_push_fence{.push_fence = relaxed};
constexpr deque_orders no_take_fence{.take_fence = relaxed};
constexpr deque_orders weak_take_fence{.take_fence = acq_rel};
constexpr deque_orders no_steal_fence{.steal_fence = relaxed};
constexpr deque_orders relaxed_growth{.array_store = relaxed};

class lock_free : public algorithm {};

TEST_P(lock_free, is_judged) {
  check(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    chase_lev, lock_free,
    testing::Values(form{"as_published", owner_and_thief<as_published>,
                         every_schedule()},
                    form{"without_the_owners_fence",
                         owner_and_thief<no_take_fence>,
                         every_schedule(),
                         ending::expectation,
                         {"(stale)"}},
                    form{"an_acq_rel_fence_for_the_owner",
                         owner_and_thief<weak_take_fence>,
                         every_schedule(),
                         ending::expectation,
                         {"(stale)"}},
                    form{"without_the_thiefs_fence",
                         owner_and_thief<no_steal_fence>,
                         every_schedule(),
                         ending::expectation,
                         {"(stale)"}},
                    form{"without_the_fence_of_push",
                         owner_and_thief<no_push_fence>,
                         every_schedule(),
                         ending::expectation,
                         {"(stale)"}},
                    form{"with_a_relaxed_growth",
                         owner_and_thief<relaxed_growth>,
                         every_schedule(),
                         ending::expectation,
                         {"(stale)"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    treiber, lock_free,
    testing::Values(
        form{"reuse_with_a_tag", reuse_a_node<true>, every_schedule()},
        form{"reuse_without_a_tag",
             reuse_a_node<false>,
             every_schedule(),
             ending::expectation,
             {"owners"}},
        form{"hand_over", hand_over_a_value<release, acquire>,
             every_schedule()},
        form{"relaxed_push",
             hand_over_a_value<relaxed, acquire>,
             {},
             ending::expectation,
             {"(stale)", "it needs release"}},
        form{"relaxed_pop",
             hand_over_a_value<release, relaxed>,
             {},
             ending::expectation,
             {"(stale)", "it needs acquire"}}),
    name_of);

}  // namespace
