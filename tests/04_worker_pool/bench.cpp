// What one hand-off costs: from the call that hands a task over until
// the last of them has run, in batches of 1,000 that do next to
// nothing. The start and the end of a pool are part of it.
//
//   make bench LAB=04
//
// The peers: Boost.Asio's thread_pool and oneTBB's task_group, both of
// which take everything and hold nobody back, and std::async with a
// thread of its own for each task, as many at a time as workers. The
// argument is the number of workers.

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <vector>

#if __has_include(<boost/asio/thread_pool.hpp>)
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#define HAS_BOOST_ASIO 1
#endif
#ifdef WORKBOOK_ONETBB  // by CMake: it is a library to link
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#endif

#include "worker_pool.hpp"

namespace {

constexpr std::int64_t batch = 1'000;

std::size_t workers_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

// Lets `run_all` run 1,000 tasks to their end, of which each counts
// itself, as often as the measurement needs.
template <typename RunAll>
void measure(benchmark::State& state, RunAll run_all) {
  for (auto _ : state) {
    std::atomic<int> done = 0;
    run_all([&done] { ++done; });
    if (done != batch) {
      state.SkipWithError("a task was lost");
    }
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

void worker_pool(benchmark::State& state) {
  measure(state, [&](auto task) {
    workbook::worker_pool pool(workers_of(state));
    for (std::int64_t i = 0; i < batch; ++i) {
      if (pool.run(task) != workbook::run_status::ok) {
        state.SkipWithError("a task was refused");
      }
    }
    pool.shutdown();
  });
}

void std_async(benchmark::State& state) {
  measure(state, [&](auto task) {
    std::vector<std::future<void>> window(workers_of(state));
    for (std::size_t i = 0; i < batch; ++i) {
      window[i % window.size()] = std::async(std::launch::async, task);
    }
  });
}

void boost_asio([[maybe_unused]] benchmark::State& state) {
#ifdef HAS_BOOST_ASIO
  measure(state, [&](auto task) {
    boost::asio::thread_pool pool(workers_of(state));
    for (std::int64_t i = 0; i < batch; ++i) {
      boost::asio::post(pool, task);
    }
    pool.join();
  });
#else
  state.SkipWithError("missing: Boost.Asio (libboost-dev)");
#endif
}

void onetbb([[maybe_unused]] benchmark::State& state) {
#ifdef WORKBOOK_ONETBB
  measure(state, [&](auto task) {
    oneapi::tbb::task_arena arena(static_cast<int>(state.range(0)), 0);
    oneapi::tbb::task_group group;
    arena.execute([&] {
      for (std::int64_t i = 0; i < batch; ++i) {
        group.run(task);
      }
      group.wait();
    });
  });
#else
  state.SkipWithError("missing: oneTBB (libtbb-dev)");
#endif
}

void over_workers(benchmark::internal::Benchmark* each) {
  for (const std::int64_t workers : {1, 2, 8}) {
    each->Arg(workers);
  }
  each->ArgName("workers")->UseRealTime()->Unit(
      benchmark::kMillisecond);
}

BENCHMARK(worker_pool)->Apply(over_workers);
BENCHMARK(std_async)->Apply(over_workers);
BENCHMARK(boost_asio)->Apply(over_workers);
BENCHMARK(onetbb)->Apply(over_workers);

}  // namespace

BENCHMARK_MAIN();
