// What goroutines cost: to switch, to yield, to start and join, to
// hand values over, to select, to lock; the same on threads beside it.
//
//   make bench LAB=06
//
// All on one processor but where the argument says otherwise. One
// iteration is one operation, unless items_per_second is given.

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "channel.hpp"
#include "context.hpp"
#include "gmp.hpp"
#include "mutex.hpp"
#include "select.hpp"
#include "wait_group.hpp"

namespace {

namespace gmp = workbook::gmp;

// Runs the measurement as main of a scheduler.
template <typename Main>
void on_processors(int processors, Main main) {
  gmp::scheduler scheduler({.processors = processors});
  (void)scheduler.run(main);
}

int processors_of(const benchmark::State& state) {
  return static_cast<int>(state.range(0));
}

// ---- Switching -------------------------------------------------------

gmp::context measuring;
gmp::context other;

void switch_back(void*, void*) {
  for (;;) {
    (void)gmp::switch_context(other, measuring, nullptr);
  }
}

// There and back: two switches.
void two_switches(benchmark::State& state) {
  alignas(64) static char memory[64 * 1024];
  other =
      gmp::prepare_stack(memory + sizeof(memory), switch_back, nullptr);
  for (auto _ : state) {
    (void)gmp::switch_context(measuring, other, nullptr);
  }
}

void yield_alone(benchmark::State& state) {
  on_processors(1, [&] {
    for (auto _ : state) {
      gmp::yield();
    }
  });
}

void yield_between_two(benchmark::State& state) {
  on_processors(1, [&] {
    bool done = false;
    gmp::handle second = gmp::go([&] {
      while (!done) {
        gmp::yield();
      }
    });
    for (auto _ : state) {
      gmp::yield();
    }
    done = true;
    second.join();
  });
}

void yield_thread(benchmark::State& state) {
  for (auto _ : state) {
    std::this_thread::yield();
  }
}

// ---- Starting --------------------------------------------------------

void spawn_and_join(benchmark::State& state) {
  on_processors(processors_of(state), [&] {
    for (auto _ : state) {
      gmp::go([] {}).join();
    }
  });
}

void spawn_and_join_thread(benchmark::State& state) {
  for (auto _ : state) {
    std::thread([] {}).join();
  }
}

void spawn_1000_and_wait(benchmark::State& state) {
  constexpr std::int64_t batch = 1'000;
  on_processors(processors_of(state), [&] {
    for (auto _ : state) {
      gmp::wait_group group;
      group.add(batch);
      for (std::int64_t i = 0; i < batch; ++i) {
        (void)gmp::go([&group] { group.done(); });
      }
      group.wait();
    }
  });
  state.SetItemsProcessed(state.iterations() * batch);
}

// ---- Channels --------------------------------------------------------

// A value there and one back.
void ping_pong(benchmark::State& state) {
  on_processors(processors_of(state), [&] {
    gmp::channel<int> there;
    gmp::channel<int> back;
    gmp::handle answers = gmp::go([&] {
      while (auto value = there.receive()) {
        (void)back.send(int{*value});
      }
    });
    for (auto _ : state) {
      (void)there.send(1);
      benchmark::DoNotOptimize(back.receive());
    }
    there.close();
    answers.join();
  });
}

// One place, guarded as std has it.
class slot {
 public:
  void put(int value) {
    {
      const std::scoped_lock lock(mutex_);
      value_ = value;
    }
    changed_.notify_one();
  }

  int take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return value_.has_value(); });
    const int value = *value_;
    value_.reset();
    return value;
  }

 private:
  std::mutex mutex_;                 // guards value_
  std::condition_variable changed_;  // value_.has_value()
  std::optional<int> value_;
};

void ping_pong_threads(benchmark::State& state) {
  slot there;
  slot back;
  std::thread answers([&] {
    for (int value = there.take(); value != 0; value = there.take()) {
      back.put(value);
    }
  });
  for (auto _ : state) {
    there.put(1);
    benchmark::DoNotOptimize(back.take());
  }
  there.put(0);
  answers.join();
}

// One sender, one receiver, 1,024 places.
void channel_1024(benchmark::State& state) {
  on_processors(processors_of(state), [&] {
    gmp::channel<int> values(1'024);
    gmp::handle receives = gmp::go([&] {
      while (auto value = values.receive()) {
        benchmark::DoNotOptimize(*value);
      }
    });
    for (auto _ : state) {
      (void)values.send(1);
    }
    values.close();
    receives.join();
  });
}

// Three channels, of which one at a time has a value.
void select_of_3(benchmark::State& state) {
  on_processors(1, [&] {
    gmp::channel<int> a(1);
    gmp::channel<int> b(1);
    gmp::channel<int> c(1);
    gmp::channel<int>* const all[] = {&a, &b, &c};
    std::size_t turn = 0;
    std::optional<int> x;
    std::optional<int> y;
    std::optional<int> z;
    for (auto _ : state) {
      (void)all[turn++ % 3]->try_send(1);
      benchmark::DoNotOptimize(gmp::select(gmp::receive_from(a, x),
                                           gmp::receive_from(b, y),
                                           gmp::receive_from(c, z)));
    }
  });
}

// ---- Mutexes ---------------------------------------------------------

void mutex_uncontended(benchmark::State& state) {
  on_processors(processors_of(state), [&] {
    gmp::mutex mutex;
    for (auto _ : state) {
      const std::scoped_lock lock(mutex);
    }
  });
}

void mutex_of_std(benchmark::State& state) {
  std::mutex mutex;
  for (auto _ : state) {
    const std::scoped_lock lock(mutex);
  }
}

void on_1_and_2(benchmark::internal::Benchmark* each) {
  each->Arg(1)->Arg(2)->ArgName("processors")->UseRealTime();
}

BENCHMARK(two_switches);
BENCHMARK(yield_alone);
BENCHMARK(yield_between_two);
BENCHMARK(yield_thread);
BENCHMARK(spawn_and_join)->Apply(on_1_and_2);
BENCHMARK(spawn_and_join_thread)->UseRealTime();
BENCHMARK(spawn_1000_and_wait)->Apply(on_1_and_2);
BENCHMARK(ping_pong)->Apply(on_1_and_2);
BENCHMARK(ping_pong_threads)->UseRealTime();
BENCHMARK(channel_1024)->Apply(on_1_and_2);
BENCHMARK(select_of_3)->UseRealTime();
BENCHMARK(mutex_uncontended)->Apply(on_1_and_2);
BENCHMARK(mutex_of_std);

}  // namespace

BENCHMARK_MAIN();
