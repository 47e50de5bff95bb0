// Boost.Fiber. On one thread its round-robin scheduler; on several its
// shared_work, whose one queue all threads take from.

#include <boost/fiber/all.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "contestant.hpp"
#include "workloads.hpp"

namespace {

namespace fibers = boost::fibers;
using namespace workbook::duel;

// As large as the reference's, and small enough for malloc to keep.
constexpr std::size_t stack_size = 64 * 1024;

struct model {
  class group {
   public:
    template <typename F>
    void start(F f) {
      all_.emplace_back(fibers::launch::post, std::allocator_arg,
                        fibers::fixedsize_stack(stack_size),
                        std::move(f));
    }

    void wait() {
      for (fibers::fiber& each : all_) {
        each.join();
      }
      all_.clear();
    }

   private:
    std::vector<fibers::fiber> all_;
  };

  // Each has a stack from its start on.
  static constexpr std::int64_t most_at_once = 1'000;

  // Boost has two classes, and a buffered one holds one value less
  // than the power of two that it is given.
  template <typename T>
  class channel {
   public:
    explicit channel(std::size_t capacity) {
      if (capacity == 0) {
        rendezvous_.emplace();
      } else {
        buffered_.emplace(capacity);
      }
    }

    void send(T value) {
      rendezvous_ ? (void)rendezvous_->push(value)
                  : (void)buffered_->push(value);
    }

    std::optional<T> receive() {
      T value{};
      const auto status =
          rendezvous_ ? rendezvous_->pop(value) : buffered_->pop(value);
      return status == fibers::channel_op_status::success
                 ? std::optional<T>(value)
                 : std::nullopt;
    }

    void close() {
      rendezvous_ ? rendezvous_->close() : buffered_->close();
    }

   private:
    std::optional<fibers::unbuffered_channel<T>> rendezvous_;
    std::optional<fibers::buffered_channel<T>> buffered_;
  };

  using mutex = fibers::mutex;

  static void yield() { boost::this_fiber::yield(); }
};

using shared = workloads<model>;

// The other threads help until the body has ended.
void on_threads(const request& asked,
                const std::function<void()>& body) {
  if (asked.processors == 1) {
    body();
    return;
  }
  fibers::mutex mutex;
  fibers::condition_variable ended;
  bool over = false;  // guarded by mutex
  const auto help = [&] {
    fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return over; });
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < asked.processors; ++i) {
    helpers.emplace_back(help);
  }
  fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
  body();
  {
    const std::scoped_lock lock(mutex);
    over = true;
  }
  ended.notify_all();
  for (std::thread& each : helpers) {
    each.join();
  }
}

}  // namespace

int main(int count, char** words) {
  return play(count, words,
              {{"yield_2", shared::yield_2},
               {"yield_500", shared::yield_500},
               {"spawn", shared::spawn},
               {"ping_pong", shared::ping_pong},
               {"channel_1024", shared::channel_1024},
               {"channel_128_4x4", shared::channel_128_4x4},
               {"fan_in", shared::fan_in},
               {"mutex_4", shared::mutex_4}},
              on_threads);
}
