// Test it (step 4.8): tests of yours, against pools that are not.
//
// Every MY_TEST is run against three right pools, all of which it
// must spare, and eight wrong ones. my_test.hpp declares worker_pool,
// behind which is one of them: do not include "worker_pool.hpp", which
// would be your own. What a test may use besides: explore/explore.hpp
// (gate, settle, threads_alive, …) and GoogleTest's EXPECT_…

#include <atomic>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include "04_worker_pool/my_test.hpp"

namespace workbook {
namespace {

// [4.8 tests]
//@ // TODO(4.8): take a promise of worker_pool.hpp and write the test
//@ // that a pool fails which breaks it. It begins
//@ //   MY_TEST(name_of_the_test) {
MY_TEST(zero_workers_are_refused) {
  EXPECT_THROW(worker_pool(0), std::invalid_argument);
}

MY_TEST(run_waits_for_a_worker) {
  explore::gate gate;
  std::atomic<bool> returned = false;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);
  std::jthread caller([&] {
    (void)pool.run([] {});
    returned = true;
  });
  explore::settle();
  const bool too_early = returned;
  gate.open();
  EXPECT_FALSE(too_early) << "no worker was free";
}

MY_TEST(shutdown_joins_the_workers) {
  worker_pool pool(2);
  pool.shutdown();
  const int alive = explore::threads_alive();
  EXPECT_EQ(alive, 0) << "a worker is still there";
}

MY_TEST(a_refused_task_stays) {
  worker_pool pool(1);
  pool.shutdown();
  worker_pool::task job([] {});
  EXPECT_EQ(pool.run(std::move(job)), run_status::closed);
  EXPECT_TRUE(job) << "it was not taken";
}

MY_TEST(the_first_exception_is_told) {
  worker_pool pool(1);
  std::string told;
  for (const char* it : {"first", "second"}) {
    const auto fail = [it] { throw std::runtime_error(it); };
    EXPECT_EQ(pool.run(fail), run_status::ok);
  }
  try {
    pool.shutdown();
  } catch (const std::runtime_error& error) {
    told = error.what();
  }
  EXPECT_EQ(told, "first");
}

MY_TEST(a_task_may_run_another) {
  run_status inner = run_status::closed;
  worker_pool pool(2);
  const auto outer = [&] { inner = pool.run([] {}); };
  EXPECT_EQ(pool.run(outer), run_status::ok);
  explore::settle();
  pool.shutdown();
  EXPECT_EQ(inner, run_status::ok) << "there was a worker";
}

MY_TEST(the_second_of_two_is_refused) {
  std::latch both(2);
  std::atomic<int> refused = 0;
  worker_pool pool(2);
  const auto meet_and_ask = [&] {
    both.arrive_and_wait();
    const run_status told = pool.run([] {});
    refused += told == run_status::would_deadlock ? 1 : 0;
  };
  EXPECT_EQ(pool.run(meet_and_ask), run_status::ok);
  EXPECT_EQ(pool.run(meet_and_ask), run_status::ok);
  explore::settle();
  pool.shutdown();  // sets free who is stuck
  EXPECT_EQ(refused, 1) << "the circle is seen";
}
// [4.8 tests]

}  // namespace
}  // namespace workbook
