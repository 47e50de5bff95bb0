// Step 3.4: close.

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook::step_4 {
namespace {

// Whether acquire() says that the pool is closed.
bool is_refused(things& pool) {
  try {
    pool.acquire();
  } catch (const things::pool_closed&) {
    return true;
  }
  return false;
}

EXPLORED(resource_close, a_closed_pool_refuses, 3.4, 2) {
  contract("Throws pool_closed if the pool was closed, before");
  contract("Closes the pool.");
  contract("Thrown by acquire() once the pool was closed.");
  contract("Refuses every caller from now on");
  census counts;
  things pool(of(counts, 1));

  pool.close();

  EXPECT_TRUE(is_refused(pool)) << "a closed pool lent a resource";
  EXPECT_EQ(pool.try_acquire().status, acquire_status::closed);
  EXPECT_EQ(counts.made, 0)
      << "a factory ran after close(): nobody will ever close what it "
         "made";
  EXPECT_EQ(pool.stats().alive, 0U) << "a refused caller keeps a slot";
}

EXPLORED(resource_close, every_waiter_is_told, 3.4, 3) {
  contract("Every caller that waits gets `closed`.");
  contract("reports closed to all that wait");
  census counts;
  std::atomic<int> refused = 0;
  things pool(of(counts, 1));
  const lease<thing> held = pool.acquire();
  const auto wait = [&] { refused += is_refused(pool) ? 1 : 0; };

  std::jthread one = explore::actor("one", wait);
  std::jthread other = explore::actor("other", wait);
  std::jthread third = explore::actor("third", wait);
  std::jthread fourth = explore::actor("fourth", wait);
  explore::settle();
  pool.close();
  explore::settle();

  EXPECT_EQ(refused, 4)
      << "the pool is closed, and somebody still waits for "
         "a resource that will never come";
  EXPECT_EQ(pool.stats().waiting, 0U);
}

EXPLORED(resource_close, a_newcomer_in_the_act_is_told, 3.4, 1) {
  contract(
      "Throws pool_closed if the pool was closed, before or "
      "meanwhile");
  census counts;
  std::atomic<bool> refused = false;
  things pool(of(counts, 1));
  const lease<thing> held = pool.acquire();

  std::jthread newcomer =
      explore::actor("newcomer", [&] { refused = is_refused(pool); });
  pool.close();  // before, while or after it begins to wait
  explore::settle();

  EXPECT_TRUE(refused) << "a caller saw an open pool and then began to "
                          "wait, after close() had emptied the queue";
}

EXPLORED(resource_close, what_is_idle_is_destroyed, 3.4, 2) {
  contract("What is idle is destroyed now");
  contract("Returns what was idle. Idempotent.");
  contract("Idempotent. Does not wait for leases or for factories.");
  contract("The numbers at this moment");
  census counts;
  std::size_t seen = 9;
  things pool(of(counts, 2));
  {
    const lease<thing> one = pool.acquire();
    const lease<thing> other = pool.acquire();
  }
  std::size_t alive = 9;
  counts.at_death = [&] {
    seen = pool.stats().idle;
    alive = pool.stats().alive;
  };

  pool.close();
  pool.close();  // idempotent

  EXPECT_EQ(counts.alive, 0)
      << "the pool is closed, and what was idle is still alive";
  EXPECT_EQ(seen, 0U) << "what is being destroyed is not idle";
  EXPECT_GE(alive, 1U) << "it lives until its destructor has returned";
  EXPECT_EQ(counts.locks, 0)
      << "a destructor ran while a lock was held: if it calls the "
         "pool, close() never ends";
  EXPECT_EQ(pool.stats().alive, 0U) << "its slots are still taken";
}

EXPLORED(resource_close, what_is_lent_dies_on_return, 3.4, 2) {
  contract(
      "What is idle is destroyed now, what is lent when it comes "
      "back.");
  contract(
      "Takes back a resource. Returns it if it must be destroyed.");
  census counts;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();

  pool.close();
  EXPECT_EQ(counts.alive, 1) << "no lease is revoked";
  EXPECT_EQ(held->id, 1);
  EXPECT_EQ(pool.try_acquire().status, acquire_status::closed)
      << "all are lent, but to wait for one would be in vain";
  held = lease<thing>();

  EXPECT_EQ(counts.alive, 0)
      << "it came back to a closed pool and stays idle forever";
  EXPECT_EQ(pool.stats().idle, 0U);
}

EXPLORED(resource_close, a_lease_outlives_its_pool, 3.4, 2) {
  contract("Leases may outlive the pool.");
  contract("Closes the pool; leases stay valid.");
  contract("It may outlive its pool.");
  census counts;
  auto pool = std::make_unique<things>(of(counts, 2));
  lease<thing> one = pool->acquire();
  lease<thing> other = pool->acquire();

  {
    std::jthread user = explore::actor("user", [&] {
      EXPECT_EQ(one->id, 1);
      one = lease<thing>();
    });
    pool.reset();  // before, while or after the lease ends
  }

  EXPECT_EQ(counts.alive, 1)
      << "its pool is gone, so it must be destroyed on return; does "
         "it idle in what the other lease keeps alive?";
  EXPECT_EQ(other->id, 2);
  other = lease<thing>();
  EXPECT_EQ(counts.alive, 0) << "so must the other";
  EXPECT_EQ(counts.locks, 0);
}

EXPLORED(resource_close, what_comes_too_late_is_destroyed, 3.4, 2) {
  contract(
      "What a caller inside the factory makes is destroyed, and that "
      "caller gets `closed`.");
  contract("Does not wait for leases or for factories.");
  contract("Whether close() has not been called yet.");
  census counts;
  explore::gate gate;
  std::atomic<bool> refused = false;
  counts.at_birth = [&] { gate.wait(); };
  things pool(of(counts, 1));

  std::jthread caller =
      explore::actor("caller", [&] { refused = is_refused(pool); });
  explore::settle();  // it is in the factory
  pool.close();
  gate.open();
  explore::settle();

  EXPECT_TRUE(refused) << "a closed pool lent a resource";
  EXPECT_EQ(counts.alive, 0) << "the late resource is still alive";
  EXPECT_EQ(counts.locks, 0) << "it was destroyed under a lock";
}

EXPLORED(resource_close, nothing_is_idle_after_close, 3.4, 1) {
  contract(
      "What is idle is destroyed now, what is lent when it comes "
      "back.");
  contract("a closed pool has no waiter and nothing idle");
  census counts;
  things pool(of(counts, 1));

  std::jthread user =
      explore::actor("user", [&] { (void)is_refused(pool); });
  std::jthread other =
      explore::actor("other", [&] { (void)is_refused(pool); });
  pool.close();
  explore::settle();

  EXPECT_EQ(counts.alive, 0)
      << "nobody holds a lease, the pool is closed, and a resource is "
         "alive; is closed_ looked at and acted upon under one lock?";
  EXPECT_EQ(pool.stats().alive, 0U) << "a slot is still taken";
}

}  // namespace
}  // namespace workbook::step_4
