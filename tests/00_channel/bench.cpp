// What one value costs from sender to receiver, in batches of 1,000:
// one producer and one consumer, several of each, and a rendezvous
// there and back.
//
//   make bench LAB=00
//
// The peers: the queue of the textbooks (a mutex, a deque, two
// conditions; no limits, no rendezvous), and Boost.Fiber's channels,
// used from threads, which run one fiber each.

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#ifdef WORKBOOK_BOOST_FIBER  // CMake has found it
#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/unbuffered_channel.hpp>
#endif

#include "channel.hpp"

namespace {

constexpr int batch = 1'000;

void report(benchmark::State& state, std::int64_t values) {
  state.SetItemsProcessed(state.iterations() * values);
}

// ---- One shape for all peers: send, receive, close ---------------

class ours {
 public:
  explicit ours(std::size_t capacity) : values_(capacity) {}
  void send(int value) { (void)values_.send(std::move(value)); }
  std::optional<int> receive() { return values_.receive(); }
  void close() { values_.close(); }

 private:
  workbook::channel<int> values_;
};

class textbook {
 public:
  explicit textbook(std::size_t capacity) : capacity_(capacity) {}
  void send(int value) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [&] { return values_.size() < capacity_; });
    values_.push_back(value);
    has_value_.notify_one();
  }
  std::optional<int> receive() {
    std::unique_lock lock(mutex_);
    has_value_.wait(lock, [&] { return closed_ || !values_.empty(); });
    if (values_.empty()) {
      return std::nullopt;
    }
    const int value = values_.front();
    values_.pop_front();
    has_room_.notify_one();
    return value;
  }
  void close() {
    std::scoped_lock lock(mutex_);
    closed_ = true;
    has_value_.notify_all();
  }

 private:
  const std::size_t capacity_;
  // mutex_ guards what follows.
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::condition_variable has_value_;
  std::deque<int> values_;
  bool closed_ = false;
};

#ifdef WORKBOOK_BOOST_FIBER
// Whatever Boost.Fiber calls a channel, in our shape.
template <typename Channel>
class boost_fiber {
 public:
  explicit boost_fiber(std::size_t capacity) : values_(capacity) {}
  boost_fiber() = default;
  void send(int value) { values_.push(value); }
  std::optional<int> receive() {
    int value = 0;
    if (values_.pop(value) !=
        boost::fibers::channel_op_status::success) {
      return std::nullopt;
    }
    return value;
  }
  void close() { values_.close(); }

 private:
  Channel values_;
};
#endif

// ---- The three workloads -------------------------------------------

// As many producers as consumers, each with a thread of its own.
template <typename Channel>
void through(benchmark::State& state) {
  const auto capacity = static_cast<std::size_t>(state.range(0));
  const auto pairs = static_cast<std::size_t>(state.range(1));
  for (auto _ : state) {
    Channel values(capacity);
    std::vector<std::jthread> consumers;
    {
      std::vector<std::jthread> producers;
      for (std::size_t i = 0; i < pairs; ++i) {
        consumers.emplace_back([&] {
          while (values.receive()) {
          }
        });
        producers.emplace_back([&] {
          for (int value = 0; value < batch; ++value) {
            values.send(value);
          }
        });
      }
    }
    values.close();
  }
  report(state, static_cast<std::int64_t>(pairs) * batch);
}

// One value there and one back; each side waits for the other.
template <typename Make>
void there_and_back(benchmark::State& state, Make make) {
  auto there = make();
  auto back = make();
  std::jthread echo([&] {
    while (const auto value = there->receive()) {
      back->send(*value);
    }
    back->close();
  });
  for (auto _ : state) {
    there->send(1);
    benchmark::DoNotOptimize(back->receive());
  }
  there->close();
  report(state, 1);
}

void channel_through(benchmark::State& state) {
  through<ours>(state);
}

void textbook_through(benchmark::State& state) {
  through<textbook>(state);
}

void channel_rendezvous(benchmark::State& state) {
  there_and_back(state, [] { return std::make_unique<ours>(0U); });
}

// Without a rendezvous: the textbook has none, so a place for one.
void textbook_place_for_one(benchmark::State& state) {
  there_and_back(state, [] { return std::make_unique<textbook>(1U); });
}

#ifdef WORKBOOK_BOOST_FIBER
void boost_fiber_through(benchmark::State& state) {
  through<boost_fiber<boost::fibers::buffered_channel<int>>>(state);
}

void boost_fiber_rendezvous(benchmark::State& state) {
  there_and_back(state, [] {
    return std::make_unique<
        boost_fiber<boost::fibers::unbuffered_channel<int>>>();
  });
}
#else
void boost_fiber_through(benchmark::State& state) {
  state.SkipWithError("missing: Boost.Fiber (libboost-fiber-dev)");
}

void boost_fiber_rendezvous(benchmark::State& state) {
  boost_fiber_through(state);
}
#endif

// Boost.Fiber demands a power of two.
void capacity_and_pairs(benchmark::internal::Benchmark* each) {
  each->Args({64, 1})->Args({64, 4})->ArgNames({"capacity", "pairs"});
  each->UseRealTime();
}

BENCHMARK(channel_through)->Apply(capacity_and_pairs);
BENCHMARK(textbook_through)->Apply(capacity_and_pairs);
BENCHMARK(boost_fiber_through)->Apply(capacity_and_pairs);
BENCHMARK(channel_rendezvous)->UseRealTime();
BENCHMARK(textbook_place_for_one)->UseRealTime();
BENCHMARK(boost_fiber_rendezvous)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
