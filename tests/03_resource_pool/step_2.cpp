// Step 3.2: the cap, and the queue of waiters.

#include <atomic>
#include <new>
#include <thread>
#include <vector>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook::step_2 {
namespace {

EXPLORED(resource_cap, never_more_than_capacity, 3.2, 3) {
  contract("at most `capacity` of which are alive at once");
  contract("At most this many are alive at once.");
  contract("A slot is the right to have one resource alive.");
  census counts;
  things pool(of(counts, 1));
  const auto use = [&] {
    const lease<thing> lent = pool.acquire();
    std::this_thread::yield();
  };

  {
    std::jthread one = explore::actor("one", use);
    std::jthread other = explore::actor("other", use);
  }

  EXPECT_EQ(counts.most, 1)
      << "two resources were alive in a pool of one; does the cap "
         "bound only what is idle, as the document's does?";
  EXPECT_EQ(counts.made, 1) << "the idle one was not used again";
}

EXPLORED(resource_cap, acquire_waits_for_a_return, 3.2, 3,
         .polls = false) {
  contract("Blocks until there is a resource.");
  contract("Blocks while nothing is available");
  census counts;
  std::atomic<int> got = 0;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();

  std::jthread waiter =
      explore::actor("waiter", [&] { got = pool.acquire()->id; });
  explore::settle();  // fails if the waiter polls
  EXPECT_EQ(got, 0) << "acquire came back although all are lent";
  EXPECT_EQ(explore::sleeping(), 0) << "waiting is not sleeping";
  EXPECT_EQ(pool.stats().waiting, 1U);
  held = lease<thing>();
  explore::settle();

  EXPECT_EQ(got, 1) << "a resource came back and nobody woke the "
                       "caller that waits for it";
}

EXPLORED(resource_cap, waiters_are_served_in_order, 3.2, 3) {
  contract(
      "Callers wait for a resource or a slot in the order of "
      "their calls");
  contract("Callers are served in the order of their calls");
  census counts;
  std::vector<int> served;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();
  const auto wait = [&](int number) {
    const lease<thing> lent = pool.acquire();
    served.push_back(number);  // guarded by the lease: there is one
  };

  std::jthread first = explore::actor("first", [&] { wait(1); });
  explore::settle();
  std::jthread second = explore::actor("second", [&] { wait(2); });
  explore::settle();
  std::jthread third = explore::actor("third", [&] { wait(3); });
  explore::settle();
  EXPECT_FALSE(pool.try_acquire()) << "one is lent, three wait for it";
  held = lease<thing>();
  first.join();
  second.join();
  third.join();

  EXPECT_EQ(served, std::vector({1, 2, 3}))
      << "somebody was served before one that came earlier";
}

EXPLORED(resource_cap, try_acquire_does_not_pass, 3.2, 2) {
  contract("no caller passes one that waits");
  census counts;
  std::atomic<bool> done = false;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();
  std::jthread waiter = explore::actor("waiter", [&] {
    const lease<thing> lent = pool.acquire();
    done = true;
  });
  explore::settle();

  held = lease<thing>();
  const bool served_before = done;
  const bool passed = static_cast<bool>(pool.try_acquire());

  EXPECT_TRUE(!passed || done || served_before)
      << "try_acquire got the resource while a caller that came "
         "earlier still waits: a return must hand it to the waiter, "
         "not leave it lying";
}

EXPLORED(resource_cap, a_newcomer_does_not_pass, 3.2, 2) {
  contract("no caller passes one that waits");
  contract("while others wait, a new caller waits after them.");
  census counts;
  std::vector<int> served;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();
  std::jthread waiter = explore::actor("waiter", [&] {
    const lease<thing> lent = pool.acquire();
    served.push_back(1);
  });
  explore::settle();
  EXPECT_FALSE(pool.try_acquire()) << "the only one is lent";

  held = lease<thing>();
  {
    const lease<thing> lent = pool.acquire();
    served.push_back(2);
  }
  waiter.join();

  EXPECT_EQ(served, std::vector({1, 2}))
      << "who returned a resource got it again, past a caller that "
         "was waiting; to wake the waiter is not enough";
}

EXPLORED(resource_cap, try_acquire_does_not_wait, 3.2, 1) {
  contract(
      "Like acquire(stop), but reports `busy` instead of waiting.");
  contract(
      "not empty if and only if `status` is "
      "acquire_status::acquired.");
  census counts;
  things pool(of(counts, 1));

  const acquire_result<thing> first = pool.try_acquire();
  const acquire_result<thing> second = pool.try_acquire();

  EXPECT_EQ(first.status, acquire_status::acquired)
      << "there was a free slot";
  EXPECT_TRUE(first.lease);
  EXPECT_EQ(second.status, acquire_status::busy)
      << "the only one is lent";
  EXPECT_FALSE(second.lease) << "a lease without a resource is empty";
  EXPECT_EQ(pool.stats().waiting, 0U);
}

// A wait that fails because there is no memory leaves no trace.
EXPLORED(resource_cap, a_wait_may_lack_memory, 3.2, 1,
         .schedules = 50) {
  contract("Callers wait for a resource or a slot");
  contract("The numbers at this moment, but for `created`.");
  // The wait and its place in the line may each allocate.
  for (const int nth : {0, 1}) {
    census counts;
    std::atomic<int> thrown = 0;
    std::atomic<int> served = 0;
    things pool(of(counts, 1));
    lease<thing> held = pool.acquire();
    EXPECT_FALSE(pool.try_acquire()) << "the only one is lent";

    std::jthread waiter = explore::actor("waiter", [&] {
      try {
        const explore::missing_block missing(nth);
        const lease<thing> lent = pool.acquire();
        ++served;
      } catch (const std::bad_alloc&) {
        ++thrown;
      }
    });
    explore::settle();
    EXPECT_EQ(pool.stats().waiting, thrown == 0 ? 1U : 0U)
        << "a call that has thrown still counts as waiting";
    held = lease<thing>();
    explore::settle();

    EXPECT_EQ(served + thrown, 1);
    EXPECT_EQ(pool.stats().waiting, 0U);
    EXPECT_EQ(pool.stats().idle, 1U) << "a resource was lost";
  }
}

EXPLORED(resource_cap, each_return_serves_one, 3.2, 1) {
  contract("It is lent to the first waiter");
  census counts;
  std::atomic<int> served = 0;
  explore::gate gate;
  things pool(of(counts, 2));
  lease<thing> one = pool.acquire();
  lease<thing> other = pool.acquire();
  EXPECT_FALSE(pool.try_acquire()) << "two of two are lent";
  const auto wait = [&] {
    const lease<thing> lent = pool.acquire();
    ++served;
    gate.wait();
  };

  std::jthread first = explore::actor("first", wait);
  std::jthread second = explore::actor("second", wait);
  one = lease<thing>();  // before, while or after they begin to wait
  other = lease<thing>();
  explore::settle();

  EXPECT_EQ(served, 2) << "two resources came back, and of two "
                          "callers one still waits";
  gate.open();
}

}  // namespace
}  // namespace workbook::step_2
