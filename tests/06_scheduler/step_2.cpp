// Step 6.2: the life of a goroutine.

#include <cerrno>
#include <stdexcept>
#include <string>

#include "gmp.hpp"
#include "grading/grading.hpp"
#include "on_one.hpp"

namespace workbook::gmp::step_2 {
namespace {

using namespace testing_kit;

GRADED(gmp_life, main_runs_on_a_stack_of_its_own, 6.2, 2) {
  contract("Runs main() as the first goroutine");
  const char outside = 0;
  const char* inside = &outside;
  std::uint64_t id = 0;

  const auto left = run_on_one([&] {
    const char own = 0;
    inside = &own;
    id = current_id();
  });

  const auto distance =
      inside > &outside ? inside - &outside : &outside - inside;
  EXPECT_GT(distance, 100'000) << "main ran on the thread's stack";
  EXPECT_EQ(id, 1u);
  EXPECT_TRUE(left.empty()) << left.front().text();
}

GRADED(gmp_life, what_main_throws_is_rethrown, 6.2, 1) {
  contract("Rethrows what main throws.");
  std::string caught;

  try {
    run_on_one([] { throw std::runtime_error("from main"); });
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }

  EXPECT_EQ(caught, "from main");
}

GRADED(gmp_life, what_never_ran_is_destroyed, 6.2, 1) {
  contract("Goroutines that are still there are reported to on_leak");
  std::atomic<int> alive = 0;

  const auto left = run_on_one(
      [&] { (void)go([mine = explore::payload(&alive)] {}); });

  ASSERT_EQ(left.size(), 1u);
  EXPECT_TRUE(left.front().unstarted);
  EXPECT_EQ(alive, 0) << "what the closure holds was not destroyed";
}

GRADED(gmp_life, runs_once_and_not_by_a_goroutine, 6.2, 1) {
  contract("std::logic_error if called twice, or by a goroutine");
  scheduler all(one_processor());
  bool refused = false;

  all.run([&] {
    scheduler inner(one_processor());
    try {
      inner.run([] {});
    } catch (const std::logic_error&) {
      refused = true;
    }
  });

  EXPECT_TRUE(refused);
  EXPECT_THROW(all.run([] {}), std::logic_error);
}

// A machine by hand: nothing but steps 6.1 and 6.2.
struct by_hand {
  by_hand() : all(one_processor()), m(all, 0) {
    m.adopt_thread();
    processor& p = *all.processors_.front();
    p.holder.store(&m);
    m.holds.store(&p);
  }
  ~by_hand() { machine_of_thread = nullptr; }

  template <typename F>
  goroutine& make(F f) {
    goroutine& g = m.holds.load()->make_goroutine();
    g.store(std::move(f));
    return g;
  }
  stack& run(goroutine& g) {
    stack& on = m.holds.load()->stack_for(g);
    change_stack(m, on);
    return on;
  }

  scheduler all;
  machine m;
};

GRADED(gmp_life, a_stack_that_ended_is_used_again, 6.2, 2) {
  contract("`ends`: the running stack is free then, and nobody does.");
  contract(
      "A stack for `g`: its own, or a free one if it is unstarted.");
  contract(
      "A goroutine has a stack if and only if it has started and has");
  by_hand one;
  int ran = 0;

  goroutine& first = one.make([&] { ++ran; });
  stack& used = one.run(first);
  goroutine& second = one.make([&] { ++ran; });
  stack& again = one.run(second);

  EXPECT_EQ(ran, 2);
  EXPECT_EQ(&used, &again) << "the stack of the first was not freed";
  EXPECT_EQ(first.on, nullptr) << "an ended goroutine has no stack";
  EXPECT_EQ(first.owner.load(), goroutine::ended);
}

GRADED(gmp_life, an_exception_ends_the_goroutine_alone, 6.2, 1) {
  contract("then rethrows what it threw");
  by_hand one;

  goroutine& g = one.make([] { throw 42; });
  one.run(g);

  ASSERT_NE(g.failure, nullptr) << "the exception is lost";
  EXPECT_THROW(std::rethrow_exception(g.failure), int);
  g.failure = nullptr;
}

GRADED(gmp_life, errno_belongs_to_the_goroutine, 6.2, 1) {
  contract("errno of the goroutine");
  by_hand one;
  int found = -1;

  errno = 7;
  goroutine& g = one.make([&] {
    found = errno;
    errno = 5;
  });
  one.run(g);

  EXPECT_EQ(found, 0) << "the goroutine began with another's errno";
  EXPECT_EQ(errno, 7) << "the goroutine's errno leaked";
  errno = 0;
}

}  // namespace
}  // namespace workbook::gmp::step_2
