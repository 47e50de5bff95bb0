// What a run costs: starting a thread, three quick tasks, one report;
// and what a stop costs: from the request until run has returned.
//
//   make bench LAB=02
//
// The peers know less: a bare std::jthread and std::async have neither
// deadline nor stop; Boost.Asio has a timer, which stops nothing.

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stop_token>
#include <thread>

#if __has_include(<boost/asio/io_context.hpp>)
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#define HAS_BOOST_ASIO 1
#endif

#include "interrupt_guard.hpp"
#include "runner.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int jobs = 3;

void work(std::atomic<int>& done) {
  done.fetch_add(1, std::memory_order_relaxed);  // a count, no order
}

void runner_run(benchmark::State& state) {
  std::atomic<int> done = 0;
  workbook::runner tasks(1h);
  for (int i = 0; i < jobs; ++i) {
    tasks.add([&](std::stop_token, int) { work(done); });
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(tasks.run());
  }
}
BENCHMARK(runner_run)->UseRealTime();

void jthread_run(benchmark::State& state) {
  std::atomic<int> done = 0;
  for (auto _ : state) {
    std::jthread worker([&] {
      for (int i = 0; i < jobs; ++i) {
        work(done);
      }
    });
  }
}
BENCHMARK(jthread_run)->UseRealTime();

void async_run(benchmark::State& state) {
  std::atomic<int> done = 0;
  for (auto _ : state) {
    auto all = std::async(std::launch::async, [&] {
      for (int i = 0; i < jobs; ++i) {
        work(done);
      }
    });
    all.wait_for(1h);
  }
}
BENCHMARK(async_run)->UseRealTime();

#if HAS_BOOST_ASIO
// A timer for the deadline beside the tasks, as Asio's users write it.
void asio_run(benchmark::State& state) {
  std::atomic<int> done = 0;
  for (auto _ : state) {
    boost::asio::io_context context;
    boost::asio::steady_timer deadline(context, 1h);
    deadline.async_wait([&](const boost::system::error_code& error) {
      if (!error) {
        context.stop();
      }
    });
    for (int i = 0; i < jobs; ++i) {
      boost::asio::post(context, [&] { work(done); });
    }
    boost::asio::post(context, [&] { deadline.cancel(); });
    std::jthread worker([&] { context.run(); });
  }
}
#else
void asio_run(benchmark::State& state) {
  state.SkipWithError("missing: Boost.Asio (libboost-dev)");
}
#endif
BENCHMARK(asio_run)->UseRealTime();

// A task that waits for its stop; an interrupt from outside.
void runner_stop(benchmark::State& state) {
  for (auto _ : state) {
    std::stop_source source;
    workbook::runner tasks(1h);
    tasks.add([&](std::stop_token stop, int) {
      std::promise<void> asked;
      const std::stop_callback callback(stop,
                                        [&] { asked.set_value(); });
      source.request_stop();
      asked.get_future().wait();
    });
    benchmark::DoNotOptimize(tasks.run(source.get_token()));
  }
}
BENCHMARK(runner_stop)->UseRealTime();

void guard_life(benchmark::State& state) {
  for (auto _ : state) {
    const workbook::interrupt_guard guard;
    benchmark::DoNotOptimize(guard.received());
  }
}
BENCHMARK(guard_life)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
