// Step 7.6: the scavenger, which prunes workers that grew cold.

#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"

namespace workbook::step_6 {
namespace {

using std::chrono::seconds;

void sleep(int time) {
  std::this_thread::sleep_for(seconds(time));
}

EXPLORED(elastic_prune, a_cold_worker_is_pruned, 7.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("A worker that was idle for this long is pruned.");
  pool two({.capacity = 2, .idle_timeout = seconds(10)});
  sleep(3);
  (void)two.submit([] {});
  explore::settle();

  std::this_thread::sleep_for(seconds(10) -
                              std::chrono::nanoseconds(1));
  const std::size_t before = two.stats().workers;
  std::this_thread::sleep_for(std::chrono::nanoseconds(2));
  explore::settle();
  const pool_stats after = two.stats();

  EXPECT_EQ(before, 1U) << "it was not idle for 10 s yet";
  EXPECT_EQ(after.workers, 0U)
      << "it has been idle since 3 s, and now it is 13 s";
  EXPECT_EQ(after.pruned, 1U);
}

EXPLORED(elastic_prune, the_cold_end_is_pruned, 7.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("longest idle first");
  explore::gate gate;
  std::atomic<std::thread::id> used;
  std::atomic<std::thread::id> last;
  pool two({.capacity = 2, .idle_timeout = seconds(10)});
  occupy(two, gate);
  (void)two.submit([] {});
  gate.open();
  explore::settle();  // two are idle

  for (int i = 0; i < 4; ++i) {
    (void)two.submit([&] { used = std::this_thread::get_id(); });
    sleep(4);
  }
  const pool_stats now = two.stats();
  (void)two.submit([&] { last = std::this_thread::get_id(); });
  explore::settle();

  EXPECT_EQ(now.pruned, 1U);
  EXPECT_EQ(now.workers, 1U);
  EXPECT_EQ(last.load(), used.load())
      << "the worker that was used every 4 s was pruned after 10 s";
  EXPECT_EQ(two.stats().spawned, 2U);
}

EXPLORED(elastic_prune, some_workers_stay, 7.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("The scavenger leaves this many workers.");
  explore::gate gate;
  pool three(
      {.capacity = 3, .min_workers = 2, .idle_timeout = seconds(1)});
  for (int i = 0; i < 3; ++i) {
    occupy(three, gate);
  }
  gate.open();
  sleep(60);

  EXPECT_EQ(three.stats().workers, 2U);
  EXPECT_EQ(three.stats().pruned, 1U);
}

EXPLORED(elastic_prune, busy_workers_count, 7.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("The scavenger leaves this many workers.");
  explore::gate gate;
  pool three(
      {.capacity = 3, .min_workers = 1, .idle_timeout = seconds(1)});
  occupy(three, gate);
  (void)three.submit([] {});
  sleep(60);
  const std::size_t while_busy = three.stats().workers;
  gate.open();
  sleep(60);

  EXPECT_EQ(while_busy, 1U) << "one worker is busy: the idle one need "
                               "not stay";
  EXPECT_EQ(three.stats().workers, 1U);
}

EXPLORED(elastic_prune, never_by_default, 7.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("By default, never.");
  explore::gate gate;
  pool plain({.capacity = 1});
  pool timed({.capacity = 1, .idle_timeout = seconds(1'000'000'000)});
  const int scavengers = explore::threads_started();
  (void)plain.submit([] {});
  (void)timed.submit([] {});
  sleep(1'000'000);

  EXPECT_EQ(scavengers, 1)
      << "a pool that never prunes has no scavenger";
  EXPECT_EQ(plain.stats().workers, 1U);
  EXPECT_EQ(timed.stats().workers, 1U)
      << "has a long timeout overflowed?";
}

EXPLORED(elastic_prune, the_longest_timeouts, 7.6, 1) {
  contract("A worker that was idle for this long is pruned.");
  pool patient({.capacity = 1,
                .idle_timeout = std::chrono::nanoseconds::max() -
                                std::chrono::nanoseconds(1)});
  (void)patient.submit([] {});
  explore::settle();

  EXPECT_EQ(patient.stats().workers, 1U)
      << "now plus a very long time is not before now";
}

EXPLORED(elastic_prune, a_slot_that_is_pruned_is_free, 7.6, 1) {
  contract(
      "Blocks while there are `capacity` workers and all have a "
      "task.");
  std::atomic<int> ran = 0;
  {
    pool one({.capacity = 1, .idle_timeout = seconds(1)});
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(one.submit([&] { ++ran; }), submit_result::accepted);
      sleep(1);  // the scavenger and the submitter meet
    }
    EXPECT_EQ(one.submit([&] { ++ran; }), submit_result::accepted)
        << "the submitter waits for a worker that has left";
    EXPECT_LE(one.stats().high_water, 1U);
  }
  EXPECT_EQ(ran, 3);
}

EXPLORED(elastic_prune, the_scavenger_ends_with_the_pool, 7.6, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("all workers and the scavenger are joined");
  pool one({.capacity = 1, .idle_timeout = seconds(3600)});
  (void)one.submit([] {});
  explore::settle();

  (void)one.shutdown(shutdown_mode::drain);
  const int alive = explore::threads_alive();

  EXPECT_EQ(alive, 0) << "the scavenger outlives its pool";
  EXPECT_EQ(explore::now(), seconds(0))
      << "shutdown has waited for the scavenger's next look";
}

EXPLORED(elastic_prune, a_scavenger_that_cannot_start, 7.6, 1) {
  contract(
      "std::system_error if there is an idle timeout and the scavenger "
      "cannot be started");
  explore::fail_thread_start();
  EXPECT_THROW(pool({.idle_timeout = seconds(1)}), std::system_error);
  EXPECT_NO_THROW(pool({.idle_timeout = seconds(1)}));
}

EXPLORED(elastic_prune, a_scavenger_without_work_rests, 7.6, 0,
         .timeouts_race = false, .virtual_time = true) {
  contract("A worker that was idle for this long is pruned.");
  explore::gate gate;
  pool two(
      {.capacity = 2, .min_workers = 1, .idle_timeout = seconds(1)});
  (void)two.submit([] {});
  sleep(100);  // one idle worker, which stays
  occupy(two, gate);
  sleep(100);
  (void)two.submit([] {});  // a second worker, soon idle
  sleep(100);
  const std::size_t workers = two.stats().workers;
  gate.open();

  EXPECT_EQ(workers, 1U)
      << "the scavenger had nothing to do, and slept through";
}

}  // namespace
}  // namespace workbook::step_6
