// Step 3.1: lease and reuse.

#include <latch>
#include <stdexcept>
#include <thread>
#include <utility>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook::step_1 {
namespace {

EXPLORED(resource_lease, zero_capacity_is_refused, 3.1, 1) {
  contract("Throws std::invalid_argument if the capacity is 0");
  contract("At least 1.");
  census counts;

  EXPECT_THROW(things(of(counts, 0)), std::invalid_argument)
      << "a pool that may never hold a resource was made; its first "
         "acquire would wait forever";
  EXPECT_THROW(things({.capacity = 1}), std::invalid_argument)
      << "a pool without a factory was made";
}

EXPLORED(resource_lease, a_returned_resource_is_lent_again, 3.1, 3) {
  contract(
      "Returns the resource … It is lent to the first waiter, or "
      "stays idle");
  contract("Creates an open pool without any resource.");
  contract("Grants an idle resource, else a free slot.");
  contract(
      "lease<T> lends one T out of a pool, and returns it when it "
      "dies.");
  contract("Takes back a resource that can be lent again.");
  contract("Makes a resource, on the thread that calls acquire.");
  contract("Without it, all are good.");
  census counts;
  std::thread::id made_on;
  counts.at_birth = [&] { made_on = std::this_thread::get_id(); };
  things pool(of(counts, 2));
  EXPECT_EQ(counts.made, 0) << "nobody has acquired anything yet";

  for (int round = 0; round < 3; ++round) {
    lease<thing> lent = pool.acquire();
    EXPECT_EQ(lent->id, 1)
        << "a new resource was made although one was idle; does the "
           "lease bring it back, and is idle_ looked at first?";
  }

  EXPECT_EQ(made_on, std::this_thread::get_id())
      << "the factory ran on a thread of the pool's";
  EXPECT_EQ(counts.made, 1) << "one caller at a time needs one";
  EXPECT_EQ(pool.stats().idle, 1U);
}

EXPLORED(resource_lease, a_moved_lease_returns_nothing, 3.1, 2) {
  contract(
      "It can be moved, not copied, so a resource is returned once");
  contract("Takes over what `other` lends; `other` is then empty.");
  contract("An empty lease lends nothing.");
  census counts;
  things pool(of(counts, 2));

  {
    lease<thing> first = pool.acquire();
    lease<thing> second = std::move(first);
    EXPECT_FALSE(first) << "what was moved from lends nothing";
    EXPECT_EQ(second->id, 1);
    first = lease<thing>();  // returns nothing
    EXPECT_EQ(pool.stats().idle, 0U) << "`second` still lends it";
  }

  EXPECT_EQ(pool.stats().idle, 1U)
      << "one resource was lent; it must come back exactly once";
}

EXPLORED(resource_lease, assignment_returns_the_old_one, 3.1, 2) {
  contract(
      "Returns what it lends, then takes over what `other` lends.");
  contract("Nothing happens if both are the same lease.");
  census counts;
  things pool(of(counts, 2));
  things elsewhere(of(counts, 2));
  lease<thing> mine = pool.acquire();
  lease<thing> other = elsewhere.acquire();

  mine = std::move(other);

  EXPECT_EQ(mine->id, 2) << "it was to take over what `other` lent";
  EXPECT_FALSE(other) << "what was moved from lends nothing";
  EXPECT_EQ(pool.stats().idle, 1U)
      << "the resource it held before is neither lent nor idle";
  EXPECT_EQ(elsewhere.stats().idle, 0U)
      << "it was brought to the pool of the other one";
  lease<thing>& same = mine;
  mine = std::move(same);
  EXPECT_TRUE(mine) << "a lease that was assigned to itself is empty";
}

EXPLORED(resource_lease, the_last_returned_is_lent_first, 3.1, 2) {
  contract("Which of several idle resources is lent first");
  census counts;
  things pool(of(counts, 2));

  {
    lease<thing> first = pool.acquire();
    lease<thing> second = pool.acquire();
    second = lease<thing>();
    first = lease<thing>();  // thing 1 comes back last
  }

  EXPECT_EQ(pool.acquire()->id, 1)
      << "idle_order::lifo lends what came back last";
}

EXPLORED(resource_lease, fifo_lends_the_longest_idle, 3.1, 1) {
  contract("the one returned first (all are used evenly)");
  census counts;
  auto options = of(counts, 2);
  options.order = idle_order::fifo;
  things pool(std::move(options));

  {
    lease<thing> first = pool.acquire();
    lease<thing> second = pool.acquire();
    second = lease<thing>();
    first = lease<thing>();  // thing 2 came back first
  }

  EXPECT_EQ(pool.acquire()->id, 2)
      << "idle_order::fifo lends what has been idle longest";
}

EXPLORED(resource_lease, two_callers_do_not_share, 3.1, 2) {
  contract(
      "Each resource is in one list: the idle one, a lease's, or "
      "that of a call which makes, checks or destroys it.");
  census counts;
  things pool(of(counts, 2));
  {
    const lease<thing> one = pool.acquire();
    const lease<thing> other = pool.acquire();
  }  // both are idle
  lease<thing> leases[2];

  {
    std::jthread one =
        explore::actor("one", [&] { leases[0] = pool.acquire(); });
    std::jthread other =
        explore::actor("other", [&] { leases[1] = pool.acquire(); });
  }

  EXPECT_NE(leases[0]->id, leases[1]->id)
      << "two callers hold the same resource; is it taken off the "
         "idle list, under the lock?";
}

EXPLORED(resource_lease, two_factories_meet, 3.1, 3) {
  contract("No user code runs while a lock of the pool is held");
  census counts;
  std::latch both(2);
  counts.at_birth = [&] { both.arrive_and_wait(); };
  things pool(of(counts, 2));

  {
    std::jthread one = explore::actor("one", [&] { pool.acquire(); });
    std::jthread other =
        explore::actor("other", [&] { pool.acquire(); });
  }

  EXPECT_EQ(counts.made, 2);
  EXPECT_EQ(counts.locks, 0)
      << "the factory ran while a lock was held: a slow connection "
         "would stop everybody, also those who return one";
}

}  // namespace
}  // namespace workbook::step_1
