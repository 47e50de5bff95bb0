// Step 4.3: run against shutdown, and the forms of run that give up. A
// refused caller gets a status and keeps its task.

#include <atomic>
#include <chrono>
#include <new>
#include <stop_token>
#include <thread>
#include <utility>

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook::step_3 {
namespace {

using std::chrono::seconds;

EXPLORED(worker_refusal, a_late_run_learns_closed, 4.3, 1) {
  contract(
      "Closes the pool: blocked and later calls of run return closed.");
  contract(
      "With any other status, `job` is unchanged and still belongs to "
      "the caller.");
  contract("the pool was shut down");
  std::atomic<int> alive = 0;
  explore::payload held(&alive);
  worker_pool pool(1);
  pool.shutdown();
  worker_pool::task job([held = std::move(held)] {});

  EXPECT_EQ(pool.run(std::move(job)), run_status::closed);
  EXPECT_EQ(pool.try_run(std::move(job)), run_status::closed);
  EXPECT_EQ(pool.run_for(std::move(job), seconds(1)),
            run_status::closed);
  EXPECT_EQ(pool.run(std::move(job), std::stop_token()),
            run_status::closed);

  EXPECT_TRUE(job)
      << "no worker took the task, and its caller has lost it";
  EXPECT_EQ(alive, 1) << "the refused task was destroyed, or copied";
}

EXPLORED(worker_refusal, a_blocked_run_learns_closed, 4.3, 2) {
  contract(
      "Closes the pool: blocked and later calls of run return closed.");
  explore::gate gate;
  std::atomic<int> refused = 0;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);
  const auto call = [&] {
    worker_pool::task job([] {});
    const run_status status = pool.run(std::move(job));
    refused += status == run_status::closed && job ? 1 : 0;
  };

  std::jthread one(call);
  std::jthread other(call);
  std::jthread third(call);
  explore::settle();
  std::jthread closer([&] { pool.shutdown(); });
  explore::settle();
  const int woken = refused;
  gate.open();

  EXPECT_EQ(woken, 3)
      << "three callers were waiting for a worker when the pool "
         "closed; each must return closed and keep its task";
}

EXPLORED(worker_refusal, a_racing_run_is_taken_or_refused, 4.3, 2) {
  contract("With any other status, `job` is unchanged");
  std::atomic<int> taken = 0;
  std::atomic<int> ran = 0;
  std::atomic<int> lost = 0;
  worker_pool pool(1);
  const auto call = [&] {
    worker_pool::task job([&] { ++ran; });
    const run_status status = pool.run(std::move(job));
    taken += status == run_status::ok ? 1 : 0;
    lost += (status == run_status::closed) == bool(job) ? 0 : 1;
  };

  {
    std::jthread one(call);
    std::jthread other(call);
    pool.shutdown();
  }

  EXPECT_EQ(ran, taken)
      << "a task runs if and only if its caller got ok";
  EXPECT_EQ(lost, 0) << "a caller has the task if and only if it was "
                        "refused";
}

EXPLORED(worker_refusal, a_task_learns_closed_too, 4.3, 1) {
  contract("work_ is closed if and only if closed_ is true.");
  explore::gate gate;
  run_status status = run_status::ok;
  bool kept = false;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] {
    gate.wait();
    worker_pool::task job([] {});
    status = pool.run(std::move(job));
    kept = bool(job);
  }),
            run_status::ok);

  std::jthread closer([&] { pool.shutdown(); });
  explore::settle();
  gate.open();
  closer.join();

  EXPECT_EQ(status, run_status::closed)
      << "the pool was closed when its task called run; closed comes "
         "before would_deadlock";
  EXPECT_TRUE(kept) << "the refused task is still the caller's";
}

EXPLORED(worker_refusal, try_run_needs_a_waiting_worker, 4.3, 1) {
  contract(
      "but returns would_block instead of blocking if no worker is "
      "waiting for a task.");
  contract("no worker was waiting");
  explore::gate gate;
  std::atomic<int> ran = 0;
  worker_pool pool(1);
  explore::settle();  // the worker waits

  const run_status first = pool.try_run([&] {
    gate.wait();
    ++ran;
  });
  worker_pool::task job([&] { ++ran; });
  const run_status second = pool.try_run(std::move(job));
  gate.open();
  pool.shutdown();

  EXPECT_EQ(first, run_status::ok) << "the worker was waiting";
  EXPECT_EQ(second, run_status::would_block) << "the worker was busy";
  EXPECT_TRUE(job);
  EXPECT_EQ(ran, 1) << "a task ran although it had been refused";
}

// Three callers at once, and two workers that wait.
EXPLORED(worker_refusal, try_run_takes_every_waiting_worker, 4.3, 1) {
  contract("would_block … if no worker is waiting for a task.");
  explore::gate gate;
  std::atomic<int> taken = 0;
  std::atomic<int> refused = 0;
  worker_pool pool(2);
  explore::settle();  // both workers wait
  const auto call = [&] {
    const run_status status = pool.try_run([&] { gate.wait(); });
    taken += status == run_status::ok ? 1 : 0;
    refused += status == run_status::would_block ? 1 : 0;
  };

  std::jthread one(call);
  std::jthread other(call);
  std::jthread third(call);
  explore::settle();
  EXPECT_EQ(taken, 2) << "two workers were waiting";
  EXPECT_EQ(refused, 1) << "the third call must not wait";
  gate.open();
}

EXPLORED(worker_refusal, run_for_gives_up_in_time, 4.3, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("Like run(job), but returns timed_out after `limit`.");
  contract("no worker took it in time");
  explore::gate gate;
  std::atomic<int> ran = 0;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);

  worker_pool::task job([&] { ++ran; });
  for (const seconds none : {seconds(0), seconds(-1)}) {
    EXPECT_EQ(pool.run_for(std::move(job), none),
              run_status::timed_out);
  }
  const run_status status = pool.run_for(std::move(job), seconds(3));
  const auto when = explore::now();
  gate.open();
  pool.shutdown();

  EXPECT_EQ(status, run_status::timed_out);
  EXPECT_EQ(when, seconds(3));
  EXPECT_TRUE(job) << "the caller gave up, and has lost its task";
  EXPECT_EQ(ran, 0) << "a worker took a task that was given up";
}

EXPLORED(worker_refusal, a_late_worker_finds_nothing, 4.3, 1) {
  contract("With any other status, `job` is unchanged");
  explore::gate gate;
  std::atomic<int> ran = 0;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);
  std::jthread opener([&] { gate.open(); });

  worker_pool::task job([&] { ++ran; });
  const run_status status = pool.run_for(std::move(job), seconds(3));
  opener.join();
  pool.shutdown();

  EXPECT_EQ(ran, status == run_status::ok ? 1 : 0)
      << "worker and deadline met, and disagree about the result";
  EXPECT_EQ(bool(job), status == run_status::timed_out);
}

EXPLORED(worker_refusal, a_stop_cancels_run, 4.3, 1, .polls = false) {
  contract(
      "Like run(job), but returns cancelled once `stop` is requested.");
  contract("a stop was requested");
  contract("Neither an idle worker nor a blocked caller polls.");
  explore::gate gate;
  std::stop_source stop;
  run_status status = run_status::ok;
  std::atomic<bool> ran = false;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);

  worker_pool::task job([&] { ran = true; });
  std::jthread caller(
      [&] { status = pool.run(std::move(job), stop.get_token()); });
  explore::settle();
  stop.request_stop();
  caller.join();
  gate.open();
  pool.shutdown();

  EXPECT_EQ(status, run_status::cancelled);
  EXPECT_TRUE(job)
      << "the call was cancelled, and the caller lost its task";
  EXPECT_FALSE(ran) << "a worker took a task of a cancelled call";
}

EXPLORED(worker_refusal, inside_it_may_wait_with_an_end, 4.3, 1) {
  contract(
      "Such a call never returns would_deadlock and does not count as "
      "blocked, because it can be cancelled.");
  explore::gate half;
  explore::gate done;
  std::stop_source stop;
  run_status timed = run_status::ok;
  run_status stopped = run_status::ok;
  worker_pool pool(1);

  EXPECT_EQ(pool.run([&] {
    timed = pool.run_for([] {}, seconds(1));
    half.open();
    stopped = pool.run([] {}, stop.get_token());
    done.open();
  }),
            run_status::ok);
  half.wait();
  explore::settle();  // the task waits in its second run
  stop.request_stop();
  done.wait();

  EXPECT_EQ(timed, run_status::timed_out)
      << "the call ends by itself, so it is not a deadlock";
  EXPECT_EQ(stopped, run_status::cancelled)
      << "a stop can end this call, so it is not a deadlock";
  pool.shutdown();
  for (const bool has_limit : {true, false}) {
    run_status endless = run_status::ok;
    worker_pool other(1);
    EXPECT_EQ(other.run([&] {
      endless = has_limit ? other.run_for(
                                [] {}, std::chrono::nanoseconds::max())
                          : other.run([] {}, std::stop_token());
    }),
              run_status::ok);
    explore::settle();  // the call waits
    other.shutdown();
    EXPECT_NE(endless, run_status::would_deadlock)
        << "such a call never returns would_deadlock, even if its "
           "limit or its stop can never come";
  }
}

EXPLORED(worker_refusal, the_first_status_is_returned, 4.3, 2) {
  contract("If several apply, the first in this order is returned.");
  std::stop_source stop;
  stop.request_stop();
  worker_pool pool(1);

  explore::settle();  // the worker waits
  EXPECT_EQ(pool.run([] {}, stop.get_token()), run_status::ok)
      << "a worker was waiting: ok comes before cancelled";
  explore::settle();
  EXPECT_EQ(pool.run_for([] {}, seconds(0)), run_status::ok)
      << "a worker was waiting: ok comes before timed_out";
  pool.shutdown();
  EXPECT_EQ(pool.run([] {}, stop.get_token()), run_status::closed)
      << "closed comes before cancelled";
  EXPECT_EQ(pool.run_for([] {}, seconds(0)), run_status::closed)
      << "closed comes before timed_out";
}

EXPLORED(worker_refusal, the_longest_limit_waits, 4.3, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("A limit beyond the range of steady_clock means no limit.");
  explore::gate gate;
  run_status status = run_status::closed;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] { gate.wait(); }), run_status::ok);

  std::jthread caller([&] {
    status = pool.run_for([] {}, std::chrono::nanoseconds::max());
  });
  explore::settle();
  gate.open();
  caller.join();

  EXPECT_EQ(status, run_status::ok)
      << "now and the limit add up to a time in the past";
}

EXPLORED(worker_refusal, missing_memory_takes_no_task, 4.3, 1,
         .schedules = 10) {
  contract(
      "Throws std::bad_alloc if allocation fails; nothing has changed "
      "then.");
  std::atomic<int> ran = 0;
  int refused = 0;
  worker_pool pool(1);

  for (int i = 0; i < 40; ++i) {
    explore::settle();  // the worker waits
    worker_pool::task job([&] { ++ran; });
    bool thrown = false;
    try {
      const explore::missing_block missing(i % 2 == 0 ? 0 : 1);
      (void)pool.run(std::move(job), std::stop_token());
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    ASSERT_EQ(bool(job), thrown)
        << "the caller has the task if and only if run threw";
    refused += thrown ? 1 : 0;
  }
  pool.shutdown();

  EXPECT_EQ(ran, 40 - refused);
}

}  // namespace
}  // namespace workbook::step_3
