// Step 3.3: slots that come back, whatever happens in them.

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook::step_3 {
namespace {

EXPLORED(resource_slot, a_failed_factory_frees_its_slot, 3.3, 2) {
  contract(
      "Whatever the factory … throws reaches the caller, and the "
      "slot is free again.");
  contract("Frees a slot whose resource was never made");
  contract(
      "A call that got a slot from the ledger returns it once: in a "
      "lease, by destroyed(), or by release_slot(), also if "
      "something throws.");
  census counts;
  std::string error;
  counts.at_birth = [] { throw std::runtime_error("no route"); };
  things pool(of(counts, 1));

  try {
    pool.acquire();
  } catch (const std::runtime_error& thrown) {
    error = thrown.what();
  }
  counts.at_birth = [] { throw 42; };
  EXPECT_THROW(pool.acquire(), int) << "it need not be a "
                                       "std::exception";
  counts.at_birth = nullptr;

  EXPECT_EQ(error, "no route") << "the caller must learn why";
  EXPECT_EQ(pool.stats().alive, 0U)
      << "nothing was made, and its slot is taken";
  EXPECT_EQ(pool.stats().created, 0U) << "nothing was made";
  EXPECT_TRUE(pool.try_acquire())
      << "the factory failed once, and its slot is lost forever";
}

EXPLORED(resource_slot, a_failed_factory_serves_a_waiter, 3.3, 2) {
  contract("and the slot is free again");
  census counts;
  explore::gate gate;
  std::atomic<int> calls = 0;
  std::atomic<bool> served = false;
  counts.at_birth = [&] {
    if (++calls == 1) {
      gate.wait();
      throw std::runtime_error("no route");
    }
  };
  things pool(of(counts, 1));

  std::jthread unlucky = explore::actor("unlucky", [&] {
    EXPECT_THROW(pool.acquire(), std::runtime_error);
  });
  explore::settle();
  std::jthread waiter =
      explore::actor("waiter", [&] { served = !!pool.acquire(); });
  explore::settle();
  EXPECT_FALSE(pool.try_acquire()) << "the factory still runs";
  gate.open();
  explore::settle();

  EXPECT_TRUE(served) << "a slot became free because a factory failed; "
                         "the caller that waits must get it";
}

EXPLORED(resource_slot, null_from_the_factory_is_an_error, 3.3, 1) {
  contract("std::logic_error if the factory returned null");
  contract("must not return null");
  std::unique_ptr<int> next;
  resource_pool<int> pool(
      {.capacity = 1, .factory = [&] { return std::move(next); }});

  EXPECT_THROW(pool.acquire(), std::logic_error)
      << "a lease without a resource";
  next = std::make_unique<int>(7);

  const acquire_result<int> second = pool.try_acquire();
  ASSERT_TRUE(second) << "the slot must be free again";
  EXPECT_EQ(*second.lease, 7);
}

EXPLORED(resource_slot, a_slot_is_free_after_the_destructor, 3.3, 3) {
  contract("its slot is free when the destructor has returned");
  contract(
      "Notes that a resource that was lent is about to be "
      "destroyed.");
  contract("Destroys a broken resource, and then frees its slot.");
  census counts;
  explore::gate gate;
  std::atomic<bool> served = false;
  counts.at_death = [&] { gate.wait(); };
  things pool(of(counts, 1));
  lease<thing> broken = pool.acquire();

  std::jthread user =
      explore::actor("user", [&] { broken.invalidate(); });
  std::jthread waiter =
      explore::actor("waiter", [&] { served = !!pool.acquire(); });
  explore::settle();
  EXPECT_FALSE(served) << "the first is still being destroyed";
  EXPECT_EQ(pool.stats().alive, 1U) << "and until then it is alive";
  EXPECT_FALSE(pool.try_acquire()) << "its slot is not free yet";
  gate.open();
  explore::settle();

  EXPECT_TRUE(served) << "the slot is free; who wakes the waiter?";
  EXPECT_EQ(counts.most, 1)
      << "a second resource was made while the first one's destructor "
         "was running";
}

EXPLORED(resource_slot, an_invalid_one_is_not_lent_again, 3.3, 1) {
  contract("Destroys the resource instead of returning it");
  contract("The lease is empty then. Nothing happens if it was empty.");
  census counts;
  std::size_t idle_meanwhile = 9;
  lease<thing> lent;
  things pool(of(counts, 1));
  counts.at_death = [&] {
    idle_meanwhile = pool.stats().idle;
    EXPECT_FALSE(lent) << "its lease can be used while it is destroyed";
    lent.invalidate();
  };

  {
    lent = pool.acquire();
    lent.invalidate();
    EXPECT_FALSE(lent) << "the lease is empty afterwards";
    EXPECT_EQ(counts.alive, 0) << "it is destroyed now, not later";
    lent.invalidate();  // nothing happens
    EXPECT_EQ(pool.stats().alive, 0U) << "its slot was freed twice";
  }

  EXPECT_EQ(pool.acquire()->id, 2) << "a broken one was lent";
  EXPECT_EQ(idle_meanwhile, 0U) << "what is destroyed is not idle";
  EXPECT_EQ(counts.locks, 0)
      << "a destructor ran while a lock was held; it may call the pool";
}

EXPLORED(resource_slot, detach_frees_the_slot_at_once, 3.3, 2) {
  contract(
      "Takes the resource out of the pool for good. Its slot is "
      "free at once, the lease empty.");
  contract("Null if it was empty.");
  contract("Frees the slot of a resource that has another owner now.");
  census counts;
  std::atomic<int> got = 0;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();
  std::jthread waiter =
      explore::actor("waiter", [&] { got = pool.acquire()->id; });
  explore::settle();

  const std::unique_ptr<thing> mine = std::move(held).detach();
  explore::settle();

  ASSERT_TRUE(mine) << "the resource belongs to the caller now";
  EXPECT_EQ(mine->id, 1);
  EXPECT_FALSE(held) << "the lease lends nothing any more";
  EXPECT_EQ(got, 2) << "the slot is free: the waiter gets a new one";
  EXPECT_FALSE(std::move(held).detach()) << "there is only one";
}

}  // namespace
}  // namespace workbook::step_3
