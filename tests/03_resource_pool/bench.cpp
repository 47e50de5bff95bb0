// What one query costs: callers that ask for the sum of a few squares,
// over and over, from a database in a file.
//
//   make bench LAB=03
//
// The peers: a connection opened forevery query, and one connection
// under a mutex. The argument is the number of callers; the pool holds
// two connections, or four.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "connection.hpp"

namespace {

using workbook::connection;

constexpr int batch = 200;  // queries of one caller
constexpr int rows = 100;

// The database, as long as the program runs.
const std::string& file() {
  static const struct database {
    database() {
      close(mkstemp(name.data()));
      workbook::write_squares(name, rows);
    }
    ~database() { unlink(name.c_str()); }
    std::string name = "/tmp/workbook_squares_XXXXXX";
  } made;
  return made.name;
}

// Lets the callers ask with `query`, a batch each.
template <typename Query>
void ask(benchmark::State& state, Query query) {
  const std::string sql = workbook::sum_of_squares(rows);
  for (auto _ : state) {
    std::vector<std::jthread> callers;
    for (int i = 0; i < state.range(0); ++i) {
      callers.emplace_back([&] {
        for (int n = 0; n < batch; ++n) {
          benchmark::DoNotOptimize(query(sql));
        }
      });
    }
  }
  state.SetItemsProcessed(state.iterations() * batch * state.range(0));
}

template <std::size_t capacity, bool validated>
void resource_pool(benchmark::State& state) {
  auto options = workbook::connections(file(), capacity);
  if (!validated) {
    options.validate = nullptr;
  }
  workbook::resource_pool<connection> pool(std::move(options));
  ask(state,
      [&](const std::string& sql) { return pool.acquire()->ask(sql); });
  state.counters["opened"] = static_cast<double>(pool.stats().created);
}

void a_connection_per_query(benchmark::State& state) {
  ask(state, [](const std::string& sql) {
    return connection(file()).ask(sql);
  });
}

void one_under_a_mutex(benchmark::State& state) {
  std::mutex mutex;
  connection shared(file());
  ask(state, [&](const std::string& sql) {
    std::scoped_lock lock(mutex);
    return shared.ask(sql);
  });
}

void callers(benchmark::internal::Benchmark* each) {
  each->Arg(1)->Arg(4)->Arg(25)->UseRealTime()->Unit(
      benchmark::kMillisecond);
}

BENCHMARK(resource_pool<2, false>)->Apply(callers);
BENCHMARK(resource_pool<2, true>)->Apply(callers);
BENCHMARK(resource_pool<4, false>)->Apply(callers);
BENCHMARK(a_connection_per_query)->Apply(callers);
BENCHMARK(one_under_a_mutex)->Apply(callers);

}  // namespace

BENCHMARK_MAIN();
