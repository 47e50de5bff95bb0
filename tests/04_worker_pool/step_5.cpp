// Step 4.5: the calls from inside.

#include <atomic>
#include <chrono>
#include <exception>
#include <latch>
#include <system_error>
#include <thread>

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook::step_5 {
namespace {

EXPLORED(worker_inside, alone_it_is_refused, 4.5, 1) {
  contract("Returns would_deadlock if … the call comes from inside");
  std::atomic<run_status> status = run_status::ok;
  std::atomic<bool> kept = false;
  worker_pool pool(1);

  EXPECT_EQ(pool.run([&] {
    worker_pool::task job([] {});
    status = pool.run(std::move(job));
    kept = bool(job);
  }),
            run_status::ok);
  explore::settle();

  EXPECT_EQ(status.load(), run_status::would_deadlock)
      << "the task waits for a worker, and is itself what keeps the "
         "only one busy";
  EXPECT_TRUE(kept) << "the refused task is still the caller's";
}

EXPLORED(worker_inside, only_the_last_is_refused, 4.5, 3) {
  contract("they keep waiting");
  std::latch both(2);
  std::atomic<int> refused = 0;
  std::atomic<int> ran = 0;
  std::atomic<run_status> after = run_status::closed;
  worker_pool pool(2);
  const auto nest = [&] {
    both.arrive_and_wait();
    const run_status status = pool.run([&] { ++ran; });
    refused += status == run_status::would_deadlock ? 1 : 0;
  };

  EXPECT_EQ(pool.run(nest), run_status::ok);
  EXPECT_EQ(pool.run(nest), run_status::ok);
  explore::settle();

  EXPECT_EQ(refused, 1)
      << "both workers' tasks want another worker; who comes first "
         "may wait, for who comes second is refused and ends";
  EXPECT_EQ(ran, 1) << "who waited was forgotten";
  EXPECT_EQ(pool.run([&] { after = pool.run([] {}); }), run_status::ok);
  explore::settle();
  EXPECT_EQ(after.load(), run_status::ok)
      << "a refused call left its mark";
}

// Counts who is refused.
struct refusals {
  void note(run_status status) {
    count += status == run_status::would_deadlock ? 1 : 0;
  }
  std::atomic<int> count = 0;
};

EXPLORED(worker_inside, the_mark_goes_before_the_task, 4.5, 2) {
  contract(
      "would_deadlock if and only if … the task of every other worker "
      "is blocked in this very call");
  refusals refused;
  std::atomic<run_status> second = run_status::closed;
  worker_pool pool(2);

  EXPECT_EQ(pool.run([&] {
    refused.note(pool.run([&] {
      second = pool.run([&] { refused.note(pool.run([] {})); });
      refused.note(pool.run([] {}));
    }));
  }),
            run_status::ok);
  explore::settle();

  EXPECT_EQ(second.load(), run_status::ok)
      << "the first task has handed over and waits no longer; it still "
         "counted as blocked when the second asked";
  EXPECT_EQ(refused.count, 1)
      << "in the end two tasks wait, each for the worker of the other";
}

EXPLORED(worker_inside, the_mark_goes_with_the_call, 4.5, 1) {
  contract(
      "would_deadlock if and only if … the task of every other worker "
      "is blocked in this very call");
  refusals refused;
  std::atomic<run_status> first = run_status::closed;
  std::atomic<run_status> second = run_status::closed;
  worker_pool pool(2);

  EXPECT_EQ(pool.run([&] {
    first = pool.run([] {});
    second = pool.run([&] { refused.note(pool.run([] {})); });
    refused.note(pool.run([] {}));
  }),
            run_status::ok);
  explore::settle();

  EXPECT_EQ(first.load(), run_status::ok);
  EXPECT_EQ(second.load(), run_status::ok)
      << "the other worker runs a task that will end; was the caller "
         "stopped by the mark of its own first call?";
  EXPECT_EQ(refused.count, 1)
      << "in the end two tasks wait, each for the worker of the other";
}

EXPLORED(worker_inside, a_late_worker_spares_the_next_mark, 4.5, 1) {
  contract(
      "Returns would_deadlock if … the task of every other worker is "
      "blocked in this very call");
  refusals refused;
  worker_pool pool(2);

  EXPECT_EQ(pool.run([&] {
    refused.note(pool.run([&] { refused.note(pool.run([] {})); }));
    refused.note(pool.run([] {}));
  }),
            run_status::ok);
  explore::settle();

  EXPECT_EQ(refused.count, 1)
      << "each of two tasks waits for the worker of the other; the one "
         "that comes second must be refused";
}

EXPLORED(worker_inside, who_waits_with_an_end_is_not_blocked, 4.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("It neither returns would_deadlock nor counts as blocked.");
  std::latch both(2);
  explore::gate done;
  run_status timed = run_status::closed;
  run_status waited = run_status::closed;
  run_status last = run_status::closed;

  {
    worker_pool pool(2);
    EXPECT_EQ(pool.run([&] {
      both.arrive_and_wait();
      timed = pool.run_for([] {}, std::chrono::seconds(1));
      last = pool.run([] {});
      done.open();
    }),
              run_status::ok);
    EXPECT_EQ(pool.run([&] {
      both.arrive_and_wait();
      waited = pool.run([] {});
    }),
              run_status::ok);
    done.wait();
    explore::settle();
  }

  EXPECT_EQ(timed, run_status::timed_out);
  EXPECT_EQ(last, run_status::would_deadlock)
      << "now the task of the other worker is blocked";
  EXPECT_EQ(waited, run_status::ok)
      << "the other worker's task would give up in a second, so this "
         "one could wait";
}

EXPLORED(worker_inside, shutdown_throws, 4.5, 2) {
  contract(
      "Called inside, throws std::system_error, "
      "resource_deadlock_would_occur, and nothing has changed.");
  std::atomic<bool> refused = false;
  worker_pool pool(1);

  EXPECT_EQ(pool.run([&] {
    try {
      pool.shutdown();
    } catch (const std::system_error& error) {
      refused =
          error.code() == std::errc::resource_deadlock_would_occur;
    }
  }),
            run_status::ok);
  const run_status next = pool.run([] {});
  pool.shutdown();

  EXPECT_TRUE(refused) << "a task shut its own pool down: the worker "
                          "would have joined itself";
  EXPECT_EQ(next, run_status::ok) << "the pool was closed all the same";
}

EXPLORED(worker_inside, a_handler_is_inside, 4.5, 1) {
  contract(
      "\"Inside\" means: on the worker that runs a task of this very "
      "pool, or the handler of its exception.");
  worker_pool* its = nullptr;
  std::atomic<run_status> status = run_status::ok;
  std::atomic<bool> refused = false;
  worker_pool pool(1, [&](const std::exception_ptr&) {
    status = its->run([] {});
    try {
      its->shutdown();
    } catch (const std::system_error&) {
      refused = true;
    }
  });
  its = &pool;

  EXPECT_EQ(pool.run([] { throw 1; }), run_status::ok);
  explore::settle();

  EXPECT_EQ(status.load(), run_status::would_deadlock)
      << "the only worker runs the handler, which waits for a worker";
  EXPECT_TRUE(refused) << "the handler shut its own pool down";
}

EXPLORED(worker_inside, only_the_last_of_three_is_refused, 4.5, 1) {
  contract(
      "would_deadlock if and only if … the task of every other worker "
      "is blocked in this very call");
  std::latch all(3);
  refusals refused;
  std::atomic<int> ran = 0;
  worker_pool pool(3);

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pool.run([&] {
      all.arrive_and_wait();
      refused.note(pool.run([&] { ++ran; }));
    }),
              run_status::ok);
  }
  explore::settle();

  EXPECT_EQ(refused.count, 1)
      << "three tasks want a worker: the first two may wait, for the "
         "third is refused and ends";
  EXPECT_EQ(ran, 2);
}

EXPLORED(worker_inside, try_run_only_looks, 4.5, 1) {
  contract("It neither returns would_deadlock nor counts as blocked.");
  std::atomic<run_status> tried = run_status::ok;
  std::atomic<run_status> waited = run_status::ok;
  worker_pool pool(1);

  EXPECT_EQ(pool.run([&] {
    tried = pool.try_run([] {});
    waited = pool.run([] {});
  }),
            run_status::ok);
  explore::settle();

  EXPECT_EQ(tried.load(), run_status::would_block)
      << "try_run does not wait, so it is not a deadlock";
  EXPECT_EQ(waited.load(), run_status::would_deadlock);
}

EXPLORED(worker_inside, shutdown_throws_while_closing, 4.5, 1) {
  contract("Called inside, throws std::system_error");
  explore::gate gate;
  std::atomic<bool> refused = false;
  worker_pool pool(1);
  EXPECT_EQ(pool.run([&] {
    gate.wait();
    try {
      pool.shutdown();
    } catch (const std::system_error&) {
      refused = true;
    }
  }),
            run_status::ok);

  std::jthread closer([&] { pool.shutdown(); });
  explore::settle();
  gate.open();
  closer.join();

  EXPECT_TRUE(refused) << "the pool was being shut down already; the "
                          "task was told that all have ended";
}

}  // namespace
}  // namespace workbook::step_5
