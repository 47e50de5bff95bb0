// Step 3.7: a cap that moves.

#include <atomic>
#include <functional>
#include <latch>
#include <stdexcept>
#include <thread>
#include <utility>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook::step_7 {
namespace {

EXPLORED(resource_resize, more_room_serves_who_waits, 3.7, 1) {
  contract("Upwards, callers that wait are served at once.");
  contract("Sets the capacity.");
  contract(
      "While a caller waits, nothing is idle and no slot is free.");
  census counts;
  std::atomic<int> served = 0;
  explore::gate gate;
  things pool(of(counts, 1));
  const lease<thing> held = pool.acquire();
  const auto wait = [&] {
    const lease<thing> lent = pool.acquire();
    ++served;
    gate.wait();
  };

  std::jthread one = explore::actor("one", wait);
  std::jthread other = explore::actor("other", wait);
  explore::settle();
  pool.resize(3);
  explore::settle();

  EXPECT_EQ(served, 2) << "there are two more slots, and two waited";
  EXPECT_EQ(pool.stats().capacity, 3U);
  gate.open();
}

EXPLORED(resource_resize, no_lease_is_revoked, 3.7, 1) {
  contract(
      "what is lent and too many when it comes back; no lease is "
      "revoked");
  contract(
      "Something is idle only in an open pool with kept_ <= "
      "capacity_.");
  census counts;
  things pool(of(counts, 2));
  lease<thing> one = pool.acquire();
  lease<thing> other = pool.acquire();

  pool.resize(1);
  EXPECT_EQ(counts.alive, 2) << "both are lent";
  one = lease<thing>();
  EXPECT_EQ(counts.alive, 1) << "the first to come back is too many";
  EXPECT_FALSE(pool.try_acquire()) << "one is lent, one is allowed";
  other = lease<thing>();

  EXPECT_EQ(pool.stats().idle, 1U) << "the last one may stay";
  EXPECT_EQ(pool.acquire()->id, 2);
}

EXPLORED(resource_resize, idle_ones_that_are_too_many_go, 3.7, 1) {
  contract("Downwards, what is idle and too many is destroyed now");
  contract("Throws std::invalid_argument if `capacity` is 0.");
  contract(
      "downwards, returns idle ones that are too many, longest idle "
      "first.");
  census counts;
  things pool(of(counts, 3));
  {
    const lease<thing> one = pool.acquire();
    const lease<thing> two = pool.acquire();
    const lease<thing> three = pool.acquire();
  }  // three comes back first, one last

  pool.resize(2);
  EXPECT_EQ(counts.alive, 2) << "one of three idle ones must go";
  EXPECT_EQ(counts.locks, 0) << "destroyed while a lock was held";
  EXPECT_THROW(pool.resize(0), std::invalid_argument)
      << "a pool of none can serve nobody";
  EXPECT_EQ(pool.acquire()->id, 1) << "the longest idle goes first";

  pool.resize(3);
  const lease<thing> one = pool.acquire();
  const lease<thing> two = pool.acquire();
  EXPECT_EQ(pool.acquire()->id, 4) << "there is a third slot again";
}

EXPLORED(resource_resize, what_is_lent_counts_too, 3.7, 1) {
  contract("what is idle and too many is destroyed now");
  census counts;
  things pool(of(counts, 3));
  const lease<thing> held = pool.acquire();
  {
    const lease<thing> one = pool.acquire();
    const lease<thing> two = pool.acquire();
  }

  pool.resize(2);
  EXPECT_EQ(counts.alive, 2)
      << "one is lent, so of the two idle ones one is too many";
  pool.resize(1);
  EXPECT_EQ(counts.alive, 1) << "the one that is lent is all";
}

EXPLORED(resource_resize, a_cap_that_came_back, 3.7, 1) {
  contract("what is lent and too many when it comes back");
  census counts;
  things pool(of(counts, 2));
  lease<thing> one = pool.acquire();
  lease<thing> other = pool.acquire();

  pool.resize(1);
  pool.resize(2);
  one = lease<thing>();
  other = lease<thing>();

  EXPECT_EQ(pool.stats().idle, 2U)
      << "when they came back, two were allowed again; what was too "
         "many once is no debt";
}

EXPLORED(resource_resize, resize_meets_callers, 3.7, 1) {
  contract("any member may be called from any thread");
  census counts;
  things pool(of(counts, 2));
  const auto use = [&] {
    const lease<thing> lent = pool.acquire();
    std::this_thread::yield();
  };

  {
    std::jthread one = explore::actor("one", use);
    std::jthread other = explore::actor("other", use);
    pool.resize(1);
    EXPECT_EQ(pool.stats().capacity, 1U);
  }

  EXPECT_EQ(pool.stats().idle, 1U) << "one may stay, and one does";
  EXPECT_EQ(counts.alive, 1);
}

// The ways in which a resource leaves a pool that has one too many.
void leave(const std::function<void(lease<thing>&)>& how) {
  census counts;
  std::atomic<int> got = 0;
  things pool(of(counts, 2));
  lease<thing> one = pool.acquire();
  lease<thing> other = pool.acquire();
  pool.resize(1);
  std::jthread waiter =
      explore::actor("waiter", [&] { got = pool.acquire()->id; });
  explore::settle();

  how(one);
  explore::settle();
  EXPECT_EQ(got, 0) << "one is allowed, and one is lent";
  other = lease<thing>();
  explore::settle();

  EXPECT_EQ(got, 2) << "the last one came back, and a caller waits";
}

EXPLORED(resource_resize, detached_and_still_too_many, 3.7, 1) {
  contract("at most `capacity` of which are alive at once");
  leave([](lease<thing>& one) { (void)std::move(one).detach(); });
  leave([](lease<thing>& one) { one.invalidate(); });
  leave([](lease<thing>& one) { one = lease<thing>(); });
}

EXPLORED(resource_resize, shrunk_slots_serve_all_who_wait, 3.7, 1) {
  contract("Callers wait for a resource or a slot");
  contract(
      "Frees the slots of `count` retired resources, now destroyed.");
  census counts;
  explore::gate gate;
  std::atomic<int> served = 0;
  things pool(of(counts, 3));
  {
    const lease<thing> one = pool.acquire();
    const lease<thing> two = pool.acquire();
    const lease<thing> three = pool.acquire();
  }
  counts.at_death = [&] { gate.wait(); };
  std::latch both(2);
  const auto wait = [&] {
    const lease<thing> lent = pool.acquire();
    ++served;
    both.arrive_and_wait();
  };

  std::jthread shrinker =
      explore::actor("shrinker", [&] { pool.resize(1); });
  explore::settle();  // two are being destroyed
  const lease<thing> last = pool.acquire();
  std::jthread first = explore::actor("first", wait);
  std::jthread second = explore::actor("second", wait);
  explore::settle();
  pool.resize(3);
  EXPECT_EQ(served, 0) << "their slots are not free yet";
  gate.open();
  shrinker.join();
  first.join();
  second.join();

  EXPECT_EQ(served, 2) << "two slots became free at once, two waited";
  EXPECT_LE(counts.most, 3);
}

EXPLORED(resource_resize, shrinking_does_not_overshoot, 3.7, 2) {
  contract("what is lent and too many when it comes back");
  contract(
      "kept_ + retired_ <= capacity_, unless resize() has lowered "
      "capacity_; then the sum only falls until it fits again.");
  census counts;
  explore::gate gate;
  counts.at_death = [&] { gate.wait(); };
  things pool(of(counts, 2));
  lease<thing> one = pool.acquire();
  lease<thing> other = pool.acquire();

  pool.resize(1);
  std::jthread user =
      explore::actor("user", [&] { one = lease<thing>(); });
  explore::settle();  // its resource is being destroyed
  std::jthread second =
      explore::actor("second", [&] { other = lease<thing>(); });
  explore::settle();

  EXPECT_EQ(pool.stats().idle, 1U)
      << "one of two had to go, and both do: what is already being "
         "destroyed must not be counted as too many once more";
  gate.open();
}

}  // namespace
}  // namespace workbook::step_7
