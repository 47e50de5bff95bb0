// What one task costs: from its submission until its result is there,
// in batches of 1,000 tasks that do next to nothing.
//
//   make bench LAB=01
//
// The peers: std::async with a thread of its own, a thread and a
// promise for every task, and Boost.Asio's thread_pool, as it comes (its
// queue takes everything) and bounded. The argument is the number of
// workers, and except for the unbounded queue also the number of tasks
// that are in flight at most.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#if __has_include(<boost/asio/thread_pool.hpp>)
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#define HAS_BOOST_ASIO 1
#endif

#include "task_pool.hpp"

namespace {

constexpr std::size_t batch = 1'000;

// A task that a compiler cannot leave out.
std::size_t work(std::size_t number) {
  benchmark::DoNotOptimize(number);
  return number + 1;
}

std::size_t workers_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void report(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(batch));
}

void task_pool(benchmark::State& state) {
  workbook::task_pool pool(workers_of(state));
  std::vector<std::future<std::size_t>> results(batch);
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      results[i] = pool.submit(work, i);
    }
    for (auto& each : results) {
      benchmark::DoNotOptimize(each.get());
    }
  }
  report(state);
}

// Starts each task with `start`, at most `workers` of them at a time:
// a new one when the oldest has its result.
template <typename Start>
void in_a_window(benchmark::State& state, Start start) {
  std::vector<std::future<std::size_t>> window(workers_of(state));
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      auto& place = window[i % window.size()];
      if (place.valid()) {
        benchmark::DoNotOptimize(place.get());
      }
      place = start(i);
    }
    for (auto& each : window) {
      if (each.valid()) {
        benchmark::DoNotOptimize(each.get());
      }
    }
  }
  report(state);
}

void std_async(benchmark::State& state) {
  in_a_window(state, [](std::size_t i) {
    return std::async(std::launch::async, work, i);
  });
}

void thread_per_task(benchmark::State& state) {
  in_a_window(state, [](std::size_t i) {
    std::promise<std::size_t> promise;
    std::future<std::size_t> result = promise.get_future();
    std::thread([i, promise = std::move(promise)]() mutable {
      promise.set_value(work(i));
    }).detach();
    return result;
  });
}

#ifdef HAS_BOOST_ASIO
// Its queue has no bound: all tasks of a batch wait in it.
void boost_asio(benchmark::State& state) {
  boost::asio::thread_pool pool(workers_of(state));
  std::vector<std::future<std::size_t>> results(batch);
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      std::packaged_task<std::size_t()> task([i] { return work(i); });
      results[i] = task.get_future();
      boost::asio::post(pool, std::move(task));
    }
    for (auto& each : results) {
      benchmark::DoNotOptimize(each.get());
    }
  }
  pool.join();
  report(state);
}

// The same with a bound: as many tasks in flight as workers.
void boost_asio_bounded(benchmark::State& state) {
  boost::asio::thread_pool pool(workers_of(state));
  in_a_window(state, [&pool](std::size_t i) {
    std::packaged_task<std::size_t()> task([i] { return work(i); });
    std::future<std::size_t> result = task.get_future();
    boost::asio::post(pool, std::move(task));
    return result;
  });
  pool.join();
}
#else
void boost_asio(benchmark::State& state) {
  state.SkipWithError("missing: Boost.Asio (libboost-dev)");
}

void boost_asio_bounded(benchmark::State& state) {
  boost_asio(state);
}
#endif

void over_workers(benchmark::internal::Benchmark* each) {
  for (const std::int64_t workers : {1, 2, 8, 100}) {
    each->Arg(workers);
  }
  each->ArgName("workers")->UseRealTime()->Unit(
      benchmark::kMillisecond);
}

BENCHMARK(task_pool)->Apply(over_workers);
BENCHMARK(std_async)->Apply(over_workers);
BENCHMARK(thread_per_task)->Apply(over_workers);
BENCHMARK(boost_asio)->Apply(over_workers);
BENCHMARK(boost_asio_bounded)->Apply(over_workers);

}  // namespace

BENCHMARK_MAIN();
