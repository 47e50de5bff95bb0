// Step 3.6: only good ones are lent; validation, age and pruning.

#include <atomic>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <thread>
#include <utility>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook::step_6 {
namespace {

using namespace std::chrono_literals;

EXPLORED(resource_age, what_is_not_valid_is_replaced, 3.6, 1) {
  contract(
      "lends an idle resource that is still good; else, in a "
      "free slot, it calls the factory");
  census counts;
  std::atomic<int> asked = 0;
  auto options = of(counts, 1);
  options.validate = [&](thing& each) {
    ++asked;
    return each.id != 1;
  };
  things pool(std::move(options));

  EXPECT_EQ(pool.acquire()->id, 1) << "a new one is good";
  EXPECT_EQ(pool.acquire()->id, 2) << "a broken one was lent";
  EXPECT_EQ(pool.acquire()->id, 2) << "a good one was thrown away";

  EXPECT_EQ(asked, 2) << "validate is asked before an idle one is lent";
  EXPECT_EQ(counts.most, 1)
      << "the broken one must be gone before its successor is made";
  EXPECT_EQ(counts.locks, 0) << "destroyed or made under a lock";
}

EXPLORED(resource_age, what_is_handed_over_is_asked_too, 3.6, 1) {
  contract("asked before it is lent again, also to a waiter");
  census counts;
  std::atomic<int> got = 0;
  auto options = of(counts, 1);
  options.validate = [](thing& each) { return each.id != 1; };
  things pool(std::move(options));
  lease<thing> held = pool.acquire();

  std::jthread waiter =
      explore::actor("waiter", [&] { got = pool.acquire()->id; });
  explore::settle();
  held = lease<thing>();  // broken by who had it
  explore::settle();

  EXPECT_EQ(got, 2) << "a broken one was handed to the caller that "
                       "waited for it";
  EXPECT_EQ(counts.most, 1) << "and its successor made in its slot";
}

EXPLORED(resource_age, two_validations_meet, 3.6, 1) {
  contract("No user code runs while a lock of the pool is held");
  census counts;
  std::latch both(2);
  auto options = of(counts, 2);
  options.validate = [&](thing&) {
    both.arrive_and_wait();
    return true;
  };
  things pool(std::move(options));
  {
    const lease<thing> one = pool.acquire();
    const lease<thing> other = pool.acquire();
  }

  std::jthread one = explore::actor("one", [&] { pool.acquire(); });
  std::jthread other = explore::actor("other", [&] { pool.acquire(); });
  explore::settle();

  EXPECT_TRUE(both.try_wait())
      << "one validation waits until the other has ended";
}

EXPLORED(resource_age, a_throwing_validation_frees_its_slot, 3.6, 1) {
  contract(
      "Whatever the factory or `validate` throws reaches the "
      "caller, and the slot is free again.");
  census counts;
  auto options = of(counts, 1);
  options.validate = [](thing& each) {
    return each.id == 1 ? throw std::runtime_error("lost") : false;
  };
  things pool(std::move(options));
  pool.acquire();

  EXPECT_THROW(pool.acquire(), std::runtime_error);

  EXPECT_EQ(counts.alive, 0) << "nobody knows whether it is good";
  EXPECT_EQ(pool.stats().alive, 0U) << "its slot is lost";
  pool.acquire();  // thing 2, which is not good any more
  counts.at_birth = [] { throw std::runtime_error("no route"); };
  EXPECT_THROW(pool.acquire(), std::runtime_error);
  EXPECT_EQ(pool.stats().alive, 0U)
      << "what was not good is gone, its successor was never made, and "
         "the slot of both is lost";
}

// Closes a pool while a caller asks whether its resource is `good`.
void close_meanwhile(bool good) {
  census counts;
  explore::gate gate;
  std::atomic<acquire_status> status = acquire_status::acquired;
  auto options = of(counts, 1);
  options.validate = [&](thing&) {
    gate.wait();
    return good;
  };
  things pool(std::move(options));
  pool.acquire();

  std::jthread user = explore::actor(
      "user", [&] { status = pool.try_acquire().status; });
  explore::settle();  // it validates
  pool.close();
  gate.open();
  explore::settle();

  EXPECT_EQ(status, acquire_status::closed)
      << "the pool was closed while the caller had its slot";
  EXPECT_EQ(counts.made, 1) << "a factory started after close()";
  EXPECT_EQ(counts.alive, 0);
  EXPECT_EQ(pool.stats().alive, 0U) << "its slot is lost";
}

EXPLORED(resource_age, no_successor_in_a_closed_pool, 3.6, 1) {
  contract(
      "A caller that the pool has not yet let into the factory gets "
      "`closed` and makes nothing.");
  close_meanwhile(false);
  close_meanwhile(true);
}

EXPLORED(resource_age, the_old_are_not_lent, 3.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "A resource of this age, counted from the return of the "
      "factory, is not lent again.");
  census counts;
  auto options = of(counts, 1);
  options.max_lifetime = 10s;
  things pool(std::move(options));
  pool.acquire();

  std::this_thread::sleep_for(9s);
  EXPECT_EQ(pool.acquire()->id, 1) << "it may live for ten seconds";
  std::this_thread::sleep_for(1s);

  EXPECT_EQ(pool.acquire()->id, 2)
      << "ten seconds after its making it was lent once more; does "
         "its age count from its last use?";
  EXPECT_EQ(counts.alive, 1);

  lease<thing> held = pool.acquire();
  std::atomic<int> got = 0;
  std::jthread waiter =
      explore::actor("waiter", [&] { got = pool.acquire()->id; });
  std::this_thread::sleep_for(10s);
  held = lease<thing>();
  waiter.join();
  EXPECT_EQ(got, 3) << "an old one was handed to a caller that waited";
}

EXPLORED(resource_age, prune_takes_the_longest_idle, 3.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "then those that have been idle for max_idle_time, "
      "longest idle first");
  contract("Returns how many it destroyed.");
  contract("those idle since `idle_by` or longer, longest idle first");
  census counts;
  auto options = of(counts, 3);
  options.max_idle_time = 8s;
  things pool(std::move(options));
  lease<thing> one = pool.acquire();
  lease<thing> two = pool.acquire();
  lease<thing> three = pool.acquire();

  three = lease<thing>();  // idle since second 0
  std::this_thread::sleep_for(5s);
  one = lease<thing>();  // since second 5
  std::this_thread::sleep_for(3s);

  EXPECT_EQ(pool.prune(), 1U) << "one has idled for eight seconds";
  EXPECT_EQ(pool.prune(), 0U) << "the other has idled for three";
  EXPECT_EQ(pool.acquire()->id, 1) << "the wrong one was pruned";
  EXPECT_EQ(two->id, 2) << "what is lent is not idle";
  EXPECT_EQ(counts.locks, 0) << "pruned under a lock";
  EXPECT_EQ(pool.stats().alive, 2U) << "its slot must be free";
}

EXPLORED(resource_age, prune_meets_a_caller, 3.6, 1) {
  contract("any member may be called from any thread");
  census counts;
  auto options = of(counts, 2);
  options.max_idle_time = 0s;
  things pool(std::move(options));
  pool.acquire();  // one is idle

  {
    std::jthread user = explore::actor("user", [&] {
      const lease<thing> lent = pool.acquire();
      EXPECT_GE(lent->id, 1) << "pruned while it is lent";
    });
    pool.prune();  // before, while or after it is lent
  }
  pool.prune();

  EXPECT_EQ(counts.alive, 0) << "nobody uses it, and it may not idle";
  EXPECT_EQ(pool.stats().alive, 0U) << "a slot is lost";
}

// Idle since 50 s: things 3, 2 and 1, in this order; 1 is old.
void expect_the_old_to_go_first() {
  census counts;
  auto options = of(counts, 3);
  options.max_idle_time = 8s;
  options.max_lifetime = 60s;
  options.min_idle = 1;
  things pool(std::move(options));
  lease<thing> one = pool.acquire();
  std::this_thread::sleep_for(50s);
  {
    const lease<thing> two = pool.acquire();
    const lease<thing> three = pool.acquire();
  }  // three comes back first
  one = lease<thing>();
  std::this_thread::sleep_for(10s);

  EXPECT_EQ(pool.prune(), 2U) << "one is old; one of two may stay idle";

  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(pool.acquire()->id, 2)
      << "thing 1 had reached its lifetime, thing 3 came back first";
}

EXPLORED(resource_age, prune_keeps_min_idle, 3.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("as long as more than min_idle stay idle");
  contract(
      "prune() leaves this many idle, however long they have been "
      "idle.");
  contract(
      "Returns the idle ones that were born at or before `born_by`");
  contract(
      "Destroys the idle resources that have reached max_lifetime; "
      "then those that have been idle for max_idle_time");
  contract("The pool never calls it by itself.");
  census counts;
  auto options = of(counts, 3);
  options.max_idle_time = 8s;
  options.max_lifetime = 60s;
  options.min_idle = 2;
  things pool(std::move(options));
  {
    const lease<thing> one = pool.acquire();
    const lease<thing> two = pool.acquire();
    const lease<thing> three = pool.acquire();
  }

  std::this_thread::sleep_for(30s);
  EXPECT_EQ(pool.prune(), 1U) << "two may stay, however long they idle";
  std::this_thread::sleep_for(30s);

  EXPECT_EQ(pool.prune(), 2U)
      << "what has reached max_lifetime is of no use: it goes";
  EXPECT_EQ(counts.alive, 0);
  expect_the_old_to_go_first();
}

EXPLORED(resource_age, age_counts_from_the_making, 3.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("counted from the return of the factory");
  census counts;
  counts.at_birth = [] { std::this_thread::sleep_for(9s); };
  auto options = of(counts, 1);
  options.max_lifetime = 5s;
  things pool(std::move(options));

  pool.acquire();
  std::this_thread::sleep_for(4s);

  EXPECT_EQ(pool.prune(), 0U) << "it may live for another second";
  EXPECT_EQ(pool.acquire()->id, 1)
      << "it is four seconds old; was the time in the factory counted?";
}

EXPLORED(resource_age, idling_counts_from_the_last_return, 3.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("counted from its last return");
  census counts;
  auto options = of(counts, 1);
  options.max_idle_time = 8s;
  things pool(std::move(options));
  pool.acquire();

  std::this_thread::sleep_for(7s);
  pool.acquire();
  std::this_thread::sleep_for(7s);

  EXPECT_EQ(pool.prune(), 0U)
      << "it came back seven seconds ago; is only its first return "
         "remembered?";
}

EXPLORED(resource_age, prune_frees_after_the_destructor, 3.6, 1) {
  contract("alive at once: lent, idle, being made or being destroyed");
  contract(
      "A caller that gets a list of resources to destroy does so "
      "and then calls destroyed().");
  census counts;
  explore::gate gate;
  auto options = of(counts, 1);
  options.max_idle_time = 0s;
  things pool(std::move(options));
  pool.acquire();
  counts.at_death = [&] { gate.wait(); };

  std::jthread pruner = explore::actor("pruner", [&] { pool.prune(); });
  explore::settle();  // it is in the destructor
  EXPECT_EQ(pool.stats().alive, 1U);
  EXPECT_FALSE(pool.try_acquire())
      << "a second resource while the first is being destroyed";
  gate.open();
  pruner.join();
  counts.at_death = nullptr;

  EXPECT_TRUE(pool.try_acquire());
}

EXPLORED(resource_age, fifo_prunes_the_longest_idle_too, 3.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "longest idle first, as long as more than min_idle stay idle");
  census counts;
  auto options = of(counts, 2);
  options.max_idle_time = 1s;
  options.min_idle = 1;
  options.order = idle_order::fifo;
  things pool(std::move(options));
  lease<thing> one = pool.acquire();
  lease<thing> two = pool.acquire();
  two = lease<thing>();
  std::this_thread::sleep_for(1s);
  one = lease<thing>();
  std::this_thread::sleep_for(1s);

  EXPECT_EQ(pool.prune(), 1U);

  EXPECT_EQ(pool.acquire()->id, 1)
      << "thing 2 had idled longer; the order of lending does not "
         "change what is pruned first";
}

}  // namespace
}  // namespace workbook::step_6
