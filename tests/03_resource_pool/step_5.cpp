// Step 3.5: limits and stops.

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook::step_5 {
namespace {

using namespace std::chrono_literals;

EXPLORED(resource_patience, a_limit_ends_the_wait, 3.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("waits at most until `deadline` (`timed_out`)");
  contract("as long as `how` allows");
  census counts;
  explore::gate gate;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();
  std::jthread earlier = explore::actor("earlier", [&] {
    const lease<thing> lent = pool.acquire();
    gate.wait();
  });
  explore::settle();
  std::jthread giver = explore::actor("giver", [&] {
    std::this_thread::sleep_for(3s);
    held = lease<thing>();  // served is the earlier one
  });

  const acquire_result<thing> late = pool.acquire_for(5s);

  EXPECT_EQ(late.status, acquire_status::timed_out)
      << "nothing came back for the second in the queue";
  EXPECT_EQ(explore::now(), 5s)
      << "the wait did not take what it was allowed; does the limit "
         "start anew at each wake-up?";
  EXPECT_EQ(pool.stats().waiting, 0U) << "it is still in the queue";
  EXPECT_FALSE(late.lease);
  gate.open();
}

EXPLORED(resource_patience, who_times_out_takes_nothing, 3.5, 1) {
  contract(
      "Callers wait for a resource or a slot in the order of "
      "their calls");
  census counts;
  std::atomic<bool> served = false;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();

  std::jthread hasty =
      explore::actor("hasty", [&] { (void)pool.acquire_for(1s); });
  explore::settle();
  std::jthread patient =
      explore::actor("patient", [&] { served = !!pool.acquire(); });
  explore::settle();
  held = lease<thing>();  // before or after the hasty one gives up
  hasty.join();
  explore::settle();

  EXPECT_TRUE(served) << "a resource is there and a caller waits: the "
                         "one before it took the wake-up with it when "
                         "its time was up";
  EXPECT_EQ(pool.stats().idle, 1U) << "a resource was lost";
}

EXPLORED(resource_patience, a_stop_ends_the_wait, 3.5, 1) {
  contract("gives up waiting when a stop is requested (`cancelled`)");
  census counts;
  std::atomic<acquire_status> status = acquire_status::acquired;
  things pool(of(counts, 1));
  const lease<thing> held = pool.acquire();

  std::jthread waiter =
      explore::actor("waiter", [&](std::stop_token stop) {
        status = pool.acquire(stop).status;
      });
  waiter.request_stop();  // before, while or after it begins to wait
  explore::settle();

  EXPECT_EQ(status, acquire_status::cancelled)
      << "a stop was requested and the caller still waits";
  EXPECT_EQ(pool.stats().waiting, 0U);
}

EXPLORED(resource_patience, who_is_cancelled_takes_nothing, 3.5, 1) {
  contract("gives up waiting when a stop is requested (`cancelled`)");
  census counts;
  std::atomic<bool> served = false;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();

  std::jthread fickle = explore::actor(
      "fickle",
      [&](std::stop_token stop) { (void)pool.acquire_for(9h, stop); });
  explore::settle();
  std::jthread patient =
      explore::actor("patient", [&] { served = !!pool.acquire(); });
  explore::settle();
  std::jthread stopper =
      explore::actor("stopper", [&] { fickle.request_stop(); });
  held = lease<thing>();  // before or after the stop
  explore::settle();

  EXPECT_TRUE(served) << "a resource is there and a caller waits: the "
                         "one that was cancelled took it, or its "
                         "wake-up, along";
  EXPECT_EQ(pool.stats().idle, 1U) << "a resource was lost";
}

EXPLORED(resource_patience, a_stop_before_gets_nothing, 3.5, 1) {
  contract(
      "A stop that was requested before gets nothing, even if "
      "something is idle.");
  contract(
      "Else reports the first that is true of closed, cancelled, "
      "busy");
  census counts;
  things pool(of(counts, 1));
  std::stop_source stopped;
  stopped.request_stop();

  EXPECT_EQ(pool.acquire(stopped.get_token()).status,
            acquire_status::cancelled);
  EXPECT_EQ(pool.try_acquire(stopped.get_token()).status,
            acquire_status::cancelled)
      << "there is room, but the caller wants nothing any more";
  const lease<thing> held = pool.acquire();
  EXPECT_EQ(pool.try_acquire(stopped.get_token()).status,
            acquire_status::cancelled)
      << "busy means: try again; this caller does not want to";
  pool.close();

  EXPECT_EQ(pool.acquire(stopped.get_token()).status,
            acquire_status::closed)
      << "closed is the stronger reason: it holds forever";
  EXPECT_EQ(counts.made, 1) << "nobody else wanted one";
}

// Every form of acquire, with a token.
const std::vector<acquire_result<thing> (*)(things&, std::stop_token)>
    forms = {[](things& pool, std::stop_token stop) {
               return pool.acquire(stop);
             },
             [](things& pool, std::stop_token stop) {
               return pool.acquire_until(things::clock::now() + 9h,
                                         stop);
             },
             [](things& pool, std::stop_token stop) {
               return pool.acquire_for(9h, stop);
             },
             [](things& pool, std::stop_token stop) {
               return pool.acquire_for(std::chrono::hours::max(), stop);
             }};

EXPLORED(resource_patience, a_stop_ends_every_form, 3.5, 1,
         .schedules = 30, .timeouts_race = false,
         .virtual_time = true) {
  contract("gives up waiting when a stop is requested (`cancelled`)");
  contract("Like acquire_until, `limit` from now.");
  census counts;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();

  for (const auto form : forms) {
    std::atomic<acquire_status> status = acquire_status::acquired;
    std::jthread waiter([&](std::stop_token stop) {
      status = form(pool, stop).status;
    });
    explore::settle();
    waiter.request_stop();
    waiter.join();
    EXPECT_EQ(status, acquire_status::cancelled);
  }
  EXPECT_EQ(explore::now(), 0s)
      << "a stop was requested, and a call waited for its limit";
  held = lease<thing>();
  std::stop_source stopped;
  stopped.request_stop();

  EXPECT_EQ(pool.acquire_for(-1s, stopped.get_token()).status,
            acquire_status::cancelled)
      << "a negative limit drops the token";
  for (const auto form : forms) {
    EXPECT_EQ(form(pool, stopped.get_token()).status,
              acquire_status::cancelled)
        << "something is idle, but the caller wants nothing any more";
  }
}

EXPLORED(resource_patience, a_stop_in_time_is_reported, 3.5, 1,
         .schedules = 50, .timeouts_race = false,
         .virtual_time = true) {
  contract(
      "Else reports the first that is true of closed, cancelled, busy, "
      "timed_out.");
  census counts;
  std::atomic<acquire_status> status = acquire_status::acquired;
  things pool(of(counts, 1));
  const lease<thing> held = pool.acquire();

  std::jthread waiter =
      explore::actor("waiter", [&](std::stop_token stop) {
        status = pool.acquire_for(1s, stop).status;
      });
  explore::settle();  // it waits
  // This callback delays those that were registered before it.
  const std::stop_callback slow(
      waiter.get_stop_token(), [] { std::this_thread::sleep_for(2s); });
  waiter.request_stop();
  waiter.join();

  EXPECT_EQ(status, acquire_status::cancelled)
      << "the stop came before the deadline; when the caller looked, "
         "both had come";
}

EXPLORED(resource_patience, no_limit_is_too_long, 3.5, 1) {
  contract(
      "A limit beyond the end of the clock, such as "
      "std::chrono::hours::max(), is none");
  census counts;
  std::atomic<int> got = 0;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();

  std::jthread waiter = explore::actor("waiter", [&] {
    const auto result = pool.acquire_for(std::chrono::hours::max());
    got = result ? result.lease->id : -1;
  });
  explore::settle();
  EXPECT_EQ(got, 0) << "now + limit has overflowed into the past";
  held = lease<thing>();
  explore::settle();

  EXPECT_EQ(got, 1) << "a resource came back, with all the time left";
}

EXPLORED(resource_patience, a_limit_in_the_past, 3.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("What can be lent without a wait is lent, also after it.");
  contract(
      "a negative limit, whatever its size, means that the call does "
      "not wait.");
  census counts;
  things pool(of(counts, 1));
  const auto long_ago = std::chrono::hours::min() + 1h;

  for (const auto limit : {std::chrono::hours(-1), long_ago}) {
    EXPECT_EQ(pool.acquire_for(limit).status, acquire_status::acquired)
        << "nobody had to wait for it";
  }

  const acquire_result<thing> first =
      pool.acquire_until(things::clock::now() - 1s);
  const acquire_result<thing> second = pool.acquire_for(long_ago);

  EXPECT_EQ(first.status, acquire_status::acquired)
      << "a slot was free, and nobody had to wait for it";
  EXPECT_EQ(second.status, acquire_status::timed_out)
      << "the only one is lent";
  EXPECT_EQ(explore::now(), 0s)
      << "the time was over before, and the caller waited; has the "
         "limit overflowed into the future?";
  EXPECT_EQ(
      pool.acquire_for(std::chrono::duration<double, std::pico>(1))
          .status,
      acquire_status::timed_out);
  EXPECT_GT(explore::now(), 0s) << "a limit was cut to nothing";
}

EXPLORED(resource_patience, the_factory_may_take_longer, 3.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("Deadline and stop limit that wait, not the factory.");
  census counts;
  counts.at_birth = [] { std::this_thread::sleep_for(5s); };
  things pool(of(counts, 1));

  const acquire_result<thing> slow = pool.acquire_for(1s);

  EXPECT_EQ(slow.status, acquire_status::acquired)
      << "it did not have to wait for its slot; what is made should "
         "be lent, not thrown away";
  EXPECT_EQ(explore::now(), 5s);
}

EXPLORED(resource_patience, in_time_is_in_time, 3.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("waits at most until `deadline` (`timed_out`)");
  census counts;
  std::atomic<int> got = 0;
  things pool(of(counts, 1));
  lease<thing> held = pool.acquire();
  const auto deadline = things::clock::now() + 5s;

  std::jthread waiter = explore::actor("waiter", [&] {
    const auto result = pool.acquire_until(deadline);
    got = result ? result.lease->id : -1;
  });
  std::this_thread::sleep_for(4s);
  held = lease<thing>();
  explore::settle();
  EXPECT_EQ(got, 1) << "a resource came back in time";

  held = pool.acquire();
  EXPECT_EQ(pool.acquire_until(deadline).status,
            acquire_status::timed_out)
      << "nothing came back";
  EXPECT_EQ(explore::now(), 5s) << "it did not wait until the deadline";
}

}  // namespace
}  // namespace workbook::step_5
