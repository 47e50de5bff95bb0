// Step 4.5: calls from inside.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <latch>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "04_worker_pool/run_status_words.hpp"
#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook::step_5 {
namespace {

EXPLORED(worker_inside, alone_it_is_refused, 4.5, 2) {
  contract(
      "Returns would_deadlock if and only if the pool is open, the "
      "call comes from inside");
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
      << "the task waits for a worker, and keeps the only worker busy";
  EXPECT_TRUE(kept) << "the refused task is still the caller's";
}

EXPLORED(worker_inside, only_the_last_is_refused, 4.5, 2) {
  contract("those calls keep waiting.");
  contract("While the pool is open, blocked_.size() < count_");
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
      << "both tasks need another worker; the first call may wait, "
         "because the second is refused and its task ends";
  EXPECT_EQ(ran, 1) << "the waiting call was never served";
  EXPECT_EQ(pool.run([&] { after = pool.run([] {}); }), run_status::ok);
  explore::settle();
  EXPECT_EQ(after.load(), run_status::ok)
      << "a refused call still counts as blocked";
}

// Counts refused calls.
struct refusals {
  void note(run_status status) {
    count += status == run_status::would_deadlock ? 1 : 0;
  }
  std::atomic<int> count = 0;
};

EXPLORED(worker_inside, the_mark_goes_before_the_task, 4.5, 2) {
  contract("The id is erased before the task of that call begins.");
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
      << "the first call has handed over its task, and still counted "
         "as blocked when the second came";
  EXPECT_EQ(refused.count, 1)
      << "in the end two tasks wait, each for the worker of the other";
}

EXPLORED(worker_inside, the_mark_goes_with_the_call, 4.5, 1) {
  contract(
      "Each member of blocked_ is the id of one call of run, from "
      "inside, that has not returned.");
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
      << "the other worker's task will end; did the caller's own first "
         "call still count as blocked?";
  EXPECT_EQ(refused.count, 1)
      << "in the end two tasks wait, each for the worker of the other";
}

EXPLORED(worker_inside, a_late_worker_spares_the_next_mark, 4.5, 1) {
  contract(
      "Returns would_deadlock if and only if … the task of every other "
      "worker is blocked in run(task&&) of this pool");
  refusals refused;
  worker_pool pool(2);

  EXPECT_EQ(pool.run([&] {
    refused.note(pool.run([&] { refused.note(pool.run([] {})); }));
    refused.note(pool.run([] {}));
  }),
            run_status::ok);
  explore::settle();

  EXPECT_EQ(refused.count, 1)
      << "each of two tasks waits for the other's worker; the second "
         "call must be refused";
}

EXPLORED(worker_inside, a_call_with_a_limit_is_not_blocked, 4.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "Such a call never returns would_deadlock and does not count as "
      "blocked.");
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
      << "the other task gives up after one second, so this call may "
         "wait";
}

EXPLORED(worker_inside, shutdown_throws, 4.5, 1) {
  contract(
      "Called inside, it throws std::system_error with "
      "resource_deadlock_would_occur and changes nothing.");
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

  EXPECT_TRUE(refused) << "a task shut down its own pool: the worker "
                          "would join itself";
  EXPECT_EQ(next, run_status::ok) << "the pool was closed nevertheless";
}

EXPLORED(worker_inside, a_handler_is_inside, 4.5, 1) {
  contract(
      "\"Inside\" means: on a worker of this pool, in a task, in the "
      "destructor of a task, or in the error handler.");
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
  EXPECT_TRUE(refused) << "the handler shut down its own pool";
}

// What a task holds calls back when the worker destroys it.
EXPLORED(worker_inside, a_destructor_is_inside, 4.5, 1) {
  contract(
      "\"Inside\" means: on a worker of this pool, in a task, in the "
      "destructor of a task, or in the error handler.");
  struct context {
    worker_pool* pool;
    std::atomic<bool> refused = false;
    std::atomic<run_status> status = run_status::ok;
  };
  std::atomic<int> alive = 0;
  worker_pool pool(1);
  context its{&pool};
  const auto call_back = [](void* given) {
    auto* const in = static_cast<context*>(given);
    in->status = in->pool->run([] {});
    try {
      in->pool->shutdown();
    } catch (const std::system_error&) {
      in->refused = true;
    }
  };

  EXPECT_EQ(
      pool.run([held = explore::payload(&alive, call_back, &its)] {}),
      run_status::ok);
  explore::settle();

  EXPECT_EQ(its.status.load(), run_status::would_deadlock)
      << "the only worker destroys a task, which waits for a worker";
  EXPECT_TRUE(its.refused) << "the destructor shut down its own pool";
}

EXPLORED(worker_inside, a_failed_allocation_blocks_nothing, 4.5, 1,
         .schedules = 50) {
  contract(
      "Throws std::bad_alloc if allocation fails; nothing has changed "
      "then.");
  std::latch both(2);
  std::atomic<int> thrown = 0;
  refusals refused;
  worker_pool pool(2);
  EXPECT_EQ(pool.run([&] {
    for (std::size_t before = 0; before < 3; ++before) {
      worker_pool::task job([] {});
      try {
        const explore::missing_block missing(before);
        (void)pool.run(std::move(job));
      } catch (const std::bad_alloc&) {
        ++thrown;
      }
    }
  }),
            run_status::ok);
  explore::settle();

  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pool.run([&] {
      both.arrive_and_wait();
      refused.note(pool.run([] {}));
    }),
              run_status::ok);
  }
  explore::settle();

  EXPECT_EQ(refused.count, 1)
      << "two tasks need a worker: the first may wait for the second. "
      << thrown << " calls threw before; does one still count?";
}

// All tasks of a pool ask for another worker at once.
void expect_one_refusal(int workers) {
  std::latch all(workers);
  refusals refused;
  std::atomic<int> ran = 0;
  worker_pool pool(static_cast<std::size_t>(workers));

  for (int i = 0; i < workers; ++i) {
    EXPECT_EQ(pool.run([&] {
      all.arrive_and_wait();
      refused.note(pool.run([&] { ++ran; }));
    }),
              run_status::ok);
  }
  explore::settle();

  EXPECT_EQ(refused.count, 1)
      << workers << " tasks need a worker: all but the last may wait, "
      << "because that one is refused and ends";
  EXPECT_EQ(ran, workers - 1);
}

EXPLORED(worker_inside, only_the_last_of_all_is_refused, 4.5, 1) {
  contract(
      "would_deadlock if and only if … the task of every other worker "
      "is blocked in run(task&&) of this pool");
  contract("no worker could ever take it");
  expect_one_refusal(3);
  expect_one_refusal(4);
}

EXPLORED(worker_inside, try_run_does_not_wait, 4.5, 1) {
  contract("It never returns would_deadlock.");
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
  contract("Called inside, it throws std::system_error");
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

  EXPECT_TRUE(refused) << "shutdown was already in progress, and the "
                          "task's call returned as if all had ended";
}

}  // namespace
}  // namespace workbook::step_5
