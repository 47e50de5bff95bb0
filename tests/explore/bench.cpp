// How many schedules a second the explorer tries: a pool of three
// workers and four tasks, one core.

#include <benchmark/benchmark.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "explore/search.hpp"

namespace {

/// The textbook's pool, small enough to read at a glance.
class small_pool {
 public:
  explicit small_pool(int workers) {
    for (int i = 0; i < workers; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  }

  void submit(std::function<void()> task) {
    {
      std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  ~small_pool() {
    {
      std::scoped_lock lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
      if (tasks_.empty()) {
        return;
      }
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stop_ = false;
  std::vector<std::jthread> workers_;
};

void three_workers_four_tasks() {
  std::atomic<int> done = 0;
  {
    small_pool pool(3);
    for (int i = 0; i < 4; ++i) {
      pool.submit([&done] { ++done; });
    }
  }
}

void schedules(benchmark::State& state) {
  explore::search looking(three_workers_four_tasks,
                          {.schedules = 1'000});
  std::int64_t tried = 0;
  for (auto each : state) {
    (void)each;
    tried += looking.run().schedules;
  }
  state.counters["schedules"] = benchmark::Counter(
      static_cast<double>(tried), benchmark::Counter::kIsRate);
  state.counters["steps"] = static_cast<double>(looking.log().steps);
}
BENCHMARK(schedules)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
