// What a scope costs compared with bare threads, and what a snapshot
// costs.
//
//   make bench LAB=05
//
// The peers: std::jthread in a vector, std::async, and oneTBB's
// task_group, which has no thread for each task.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <stop_token>
#include <thread>
#include <vector>

#ifdef WORKBOOK_ONETBB  // CMake has found it
#include <oneapi/tbb/task_group.h>
#endif

#include "process_snapshot.hpp"
#include "task_scope.hpp"

namespace {

void report(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// ---- Spawn and join ----------------------------------------------

void scope(benchmark::State& state) {
  for (auto _ : state) {
    workbook::task_scope scope;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      (void)scope.spawn([](std::stop_token) {});
    }
    scope.join();
  }
  report(state);
}

void jthreads(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<std::jthread> threads;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      threads.emplace_back([](std::stop_token) {});
    }
  }
  report(state);
}

void std_async(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<std::future<void>> results;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      results.push_back(std::async(std::launch::async, [] {}));
    }
    for (std::future<void>& each : results) {
      each.get();
    }
  }
  report(state);
}

void tbb_task_group(benchmark::State& state) {
#ifdef WORKBOOK_ONETBB
  for (auto _ : state) {
    tbb::task_group group;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      group.run([] {});
    }
    group.wait();
  }
  report(state);
#else
  state.SkipWithError("missing: oneTBB (libtbb-dev)");
#endif
}

// ---- A snapshot --------------------------------------------------

// Of so many threads besides the calling one.
void snapshot(benchmark::State& state) {
  workbook::channel<int> quiet;
  std::vector<std::jthread> threads;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    threads.emplace_back(
        [&](std::stop_token stop) { (void)quiet.receive(stop); });
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(workbook::take_snapshot());
  }
}

BENCHMARK(scope)->Arg(1)->Arg(8)->Arg(64)->UseRealTime();
BENCHMARK(jthreads)->Arg(1)->Arg(8)->Arg(64)->UseRealTime();
BENCHMARK(std_async)->Arg(1)->Arg(8)->Arg(64)->UseRealTime();
BENCHMARK(tbb_task_group)->Arg(1)->Arg(8)->Arg(64)->UseRealTime();
BENCHMARK(snapshot)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
