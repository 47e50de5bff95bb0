// Step 7.7: a closed pool that is opened again.

#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook::step_7 {
namespace {

using std::chrono::seconds;

EXPLORED(elastic_reboot, a_closed_pool_opens_again, 7.7, 1) {
  contract("Opens a closed pool again, with the capacity it had last");
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  one.resize(2);
  EXPECT_EQ(one.submit([&] { ++ran; }), submit_result::accepted);
  (void)one.shutdown(shutdown_mode::drain);

  EXPECT_TRUE(one.reboot());
  EXPECT_EQ(one.submit([&] { ++ran; }), submit_result::accepted);
  (void)one.shutdown(shutdown_mode::drain);
  const pool_stats now = one.stats();

  EXPECT_EQ(ran, 2);
  EXPECT_EQ(now.capacity, 2U);
  EXPECT_EQ(now.accepted, 2U)
      << "the numbers count through every reboot";
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(elastic_reboot, an_open_pool_stays_as_it_is, 7.7, 1) {
  contract("Returns false if it is open.");
  pool one({.capacity = 1, .idle_timeout = seconds(9)});

  EXPECT_FALSE(one.reboot());
  explore::settle();

  EXPECT_EQ(explore::threads_alive(), 1)
      << "there is a second scavenger";
}

EXPLORED(elastic_reboot, there_is_one_scavenger, 7.7, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("Opens a closed pool again");
  pool one({.capacity = 1, .idle_timeout = seconds(5)});
  (void)one.submit([] {});
  for (int i = 0; i < 2; ++i) {
    (void)one.shutdown(shutdown_mode::drain);
    EXPECT_TRUE(one.reboot());
  }
  explore::settle();
  const int scavengers = explore::threads_alive();
  (void)one.submit([] {});
  std::this_thread::sleep_for(seconds(6));
  const pool_stats now = one.stats();

  EXPECT_EQ(scavengers, 1)
      << "document 003's scavenger notices a shutdown at its next "
         "tick: "
         "a reboot before that starts a second one";
  EXPECT_EQ(now.pruned, 1U) << "nobody prunes the new generation";
}

EXPLORED(elastic_reboot, it_waits_for_the_shutdown, 7.7, 1) {
  contract("If it is being shut down, blocks until that is done.");
  explore::gate gate;
  std::atomic<bool> open = false;
  pool one({.capacity = 1});
  occupy(one, gate);
  std::jthread closer(
      [&] { (void)one.shutdown(shutdown_mode::drain); });
  explore::settle();

  std::jthread opener([&] { open = one.reboot(); });
  explore::settle();
  const bool too_early = open;
  const submit_result between = one.submit([] {});
  gate.open();
  closer.join();
  opener.join();

  EXPECT_FALSE(too_early) << "a task of the old generation still runs";
  EXPECT_EQ(between, submit_result::closed);
  EXPECT_TRUE(open);
  EXPECT_EQ(one.submit([] {}), submit_result::accepted);
}

EXPLORED(elastic_reboot, nothing_old_runs_in_the_new_one, 7.7, 1) {
  contract("Nothing of an earlier generation runs in the new one.");
  explore::gate gate;
  std::atomic<int> generation = 1;
  std::atomic<int> old_in_new = 0;
  std::atomic<int> closed = 0;
  pool one({.capacity = 1});
  occupy(one, gate);
  const auto submit_old = [&] {
    const auto result =
        one.submit([&] { old_in_new += generation == 2 ? 1 : 0; });
    closed += result == submit_result::closed ? 1 : 0;
  };

  std::jthread first(submit_old);
  explore::settle();  // it waits
  std::jthread opener([&] { gate.open(); });
  (void)one.shutdown(shutdown_mode::discard);
  generation = 2;
  EXPECT_TRUE(one.reboot());
  EXPECT_EQ(one.submit([] {}), submit_result::accepted);
  first.join();
  (void)one.shutdown(shutdown_mode::drain);

  EXPECT_EQ(old_in_new, 0)
      << "a task of the old generation ran in the new one";
}

EXPLORED(elastic_reboot, two_generations_proved, 7.7, 1,
         .schedules = 100'000, .exhaustive = 2,
         .spurious_wakeups = false) {
  contract("Nothing of an earlier generation runs in the new one.");
  std::size_t ran = 0;  // of the old generation; it is joined
  pool two({.capacity = 2});
  (void)two.submit([&] { ++ran; });
  std::jthread submitter([&] { (void)two.submit([] {}); });

  (void)two.shutdown(shutdown_mode::drain);
  const std::size_t old = ran;
  EXPECT_TRUE(two.reboot());
  submitter.join();
  (void)two.shutdown(shutdown_mode::drain);

  EXPECT_EQ(old, 1U) << "shutdown did not wait for an accepted task";
  EXPECT_EQ(ran, 1U);
  EXPECT_EQ(two.stats().workers, 0U);
}

EXPLORED(elastic_reboot, a_pause_is_over, 7.7, 1) {
  contract("a pause ends");
  std::atomic<int> ran = 0;
  pool one({.capacity = 1});
  one.pause();
  (void)one.shutdown(shutdown_mode::drain);
  one.pause();  // no effect
  EXPECT_TRUE(one.reboot());

  EXPECT_EQ(one.submit([&] { ++ran; }), submit_result::accepted);
  explore::settle();

  EXPECT_EQ(ran, 1) << "the pool was paused before its reboot, and "
                       "still is";
}

EXPLORED(elastic_reboot, inside_it_is_refused, 7.7, 1) {
  contract("and inside as shutdown does; the pool stays closed");
  std::error_code refused;
  {
    pool one({.capacity = 1});
    (void)one.shutdown(shutdown_mode::drain);
    EXPECT_TRUE(one.reboot());
    EXPECT_EQ(one.submit([&] {
      try {
        one.reboot();
      } catch (const std::system_error& error) {
        refused = error.code();
      }
    }),
              submit_result::accepted);
  }
  EXPECT_EQ(refused, std::errc::resource_deadlock_would_occur);
}

EXPLORED(elastic_reboot, without_a_scavenger_it_stays_closed, 7.7, 1) {
  contract(
      "Throws std::system_error if the scavenger cannot be started");
  pool one({.capacity = 1, .idle_timeout = seconds(1)});
  (void)one.shutdown(shutdown_mode::drain);

  explore::fail_thread_start();
  EXPECT_THROW(one.reboot(), std::system_error);
  const submit_result between = one.submit([] {});
  EXPECT_TRUE(one.reboot());

  EXPECT_EQ(between, submit_result::closed);
  EXPECT_EQ(one.submit([] {}), submit_result::accepted);
}

EXPLORED(elastic_reboot, two_reboots_open_it_once, 7.7, 0) {
  contract("returns true. Returns false if it is open.");
  std::atomic<int> opened = 0;
  pool one({.capacity = 1, .idle_timeout = seconds(9)});
  (void)one.shutdown(shutdown_mode::drain);
  const auto reboot = [&] { opened += one.reboot() ? 1 : 0; };

  {
    std::jthread first(reboot);
    std::jthread second(reboot);
  }
  explore::settle();

  EXPECT_EQ(opened, 1);
  EXPECT_EQ(explore::threads_alive(), 1) << "one scavenger";
}

}  // namespace
}  // namespace workbook::step_7
