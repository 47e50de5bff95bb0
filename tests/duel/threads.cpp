// Bare threads: the workloads of goroutines with what <thread>, <mutex>
// and <future> have. They run on as many cores as processors are asked
// for.

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "contestant.hpp"
#include "pool_workload.hpp"
#include "workloads.hpp"

namespace {

using namespace workbook::duel;

// A queue as in a textbook. Without capacity, a sender waits until its
// value was taken.
template <typename T>
class textbook_channel {
 public:
  explicit textbook_channel(std::size_t capacity)
      : capacity_(capacity) {}

  void send(T value) {
    std::unique_lock lock(mutex_);
    const std::size_t places = capacity_ == 0 ? 1 : capacity_;
    has_place_.wait(lock, [&] { return values_.size() < places; });
    values_.push_back(std::move(value));
    const std::size_t mine = ++sent_;
    has_value_.notify_one();
    if (capacity_ == 0) {
      was_taken_.wait(lock, [&] { return taken_ >= mine; });
    }
  }

  std::optional<T> receive() {
    std::unique_lock lock(mutex_);
    has_value_.wait(lock, [&] { return closed_ || !values_.empty(); });
    if (values_.empty()) {
      return std::nullopt;
    }
    T value = std::move(values_.front());
    values_.pop_front();
    ++taken_;
    has_place_.notify_one();
    if (capacity_ == 0) {
      was_taken_.notify_all();
    }
    return value;
  }

  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    has_value_.notify_all();
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;                   // guards every field below it
  std::condition_variable has_place_;  // values_.size() < places
  std::condition_variable has_value_;  // closed_ || !values_.empty()
  std::condition_variable was_taken_;  // taken_ >= own number
  std::deque<T> values_;
  std::size_t sent_ = 0;
  std::size_t taken_ = 0;
  bool closed_ = false;
};

struct model {
  class group {
   public:
    template <typename F>
    void start(F f) {
      all_.emplace_back(std::move(f));
    }

    void wait() {
      for (std::thread& each : all_) {
        each.join();
      }
      all_.clear();
    }

   private:
    std::vector<std::thread> all_;
  };

  static constexpr std::int64_t most_at_once = 100;

  template <typename T>
  using channel = textbook_channel<T>;

  using mutex = std::mutex;

  static void yield() { std::this_thread::yield(); }
};

using shared = workloads<model>;

// std::async with a thread for each task; as many at once as workers.
outcome async(const request& asked) {
  return submit_all(asked, [&](auto task) {
    thread_local std::deque<std::future<void>> window;
    const auto most = static_cast<std::size_t>(
        std::max(1, asked.workers / asked.submitters));
    if (window.size() == most) {
      window.pop_front();
    }
    window.push_back(std::async(std::launch::async, std::move(task)));
  });
}

void on_cores(const request& asked, const std::function<void()>& body) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (int i = 0; i < asked.processors; ++i) {
    CPU_SET(static_cast<unsigned>(i), &cores);
  }
  if (::sched_setaffinity(0, sizeof(cores), &cores) != 0) {
    refuse("cannot run on so many cores:", "processors");
  }
  body();
}

}  // namespace

int main(int count, char** words) {
  return play(count, words,
              {{"yield_2", shared::yield_2},
               {"spawn", shared::spawn},
               {"ping_pong", shared::ping_pong},
               {"channel_1024", shared::channel_1024},
               {"channel_128_4x4", shared::channel_128_4x4},
               {"fan_in", shared::fan_in},
               {"mutex_4", shared::mutex_4},
               {"async", async}},
              on_cores);
}
