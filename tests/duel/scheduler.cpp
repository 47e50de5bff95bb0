// The scheduler of chapter 6, in all workloads of the duel.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "channel.hpp"
#include "contestant.hpp"
#include "context.hpp"
#include "gmp.hpp"
#include "mutex.hpp"
#include "select.hpp"
#include "wait_group.hpp"
#include "workloads.hpp"

namespace {

namespace gmp = workbook::gmp;
using namespace workbook::duel;

struct goroutines {
  class group {
   public:
    template <typename F>
    void start(F f) {
      group_.add();
      (void)gmp::go([this, f = std::move(f)] {
        f();
        group_.done();
      });
    }

    void wait() { group_.wait(); }

   private:
    gmp::wait_group group_;
  };

  static constexpr std::int64_t most_at_once = INT64_MAX;

  template <typename T>
  class channel {
   public:
    explicit channel(std::size_t capacity) : values_(capacity) {}
    void send(T value) { (void)values_.send(std::move(value)); }
    std::optional<T> receive() { return values_.receive(); }
    void close() { values_.close(); }

   private:
    gmp::channel<T> values_;
  };

  using mutex = gmp::mutex;

  static void yield() { gmp::yield(); }
};

using shared = workloads<goroutines>;

// ---- What only goroutines have ---------------------------------------

// Two channels in turn, and a third that says when it is over.
outcome select_3(const request& asked) {
  outcome found;
  gmp::channel<std::int64_t> even;
  gmp::channel<std::int64_t> odd;
  gmp::channel<std::int64_t> over;
  goroutines::group sending;
  found.took = timed([&] {
    sending.start([&] {
      for (std::int64_t i = 0; i < asked.ops; ++i) {
        (void)(i % 2 == 0 ? even : odd).send(std::int64_t{i});
      }
      over.close();
    });
    for (;;) {
      std::optional<std::int64_t> x;
      std::optional<std::int64_t> y;
      std::optional<std::int64_t> z;
      if (gmp::select(gmp::receive_from(even, x),
                      gmp::receive_from(odd, y),
                      gmp::receive_from(over, z))
              .index == 2) {
        return;
      }
      found.sum += x ? *x : *y;
      ++found.count;
    }
  });
  sending.wait();
  return found;
}

// A tree of goroutines, ten to each; its leaves are numbered. The one
// that receives from the channel destroys it: a sender touches nothing
// of it after the value is handed over.
void grow(gmp::channel<std::int64_t>& up, std::int64_t number,
          std::int64_t size) {
  if (size == 1) {
    (void)up.send(std::move(number));
    return;
  }
  gmp::channel<std::int64_t> from_children;
  for (int i = 0; i < 10; ++i) {
    const std::int64_t child = number + i * (size / 10);
    (void)gmp::go([&from_children, child, size] {
      grow(from_children, child, size / 10);
    });
  }
  std::int64_t sum = 0;
  for (int i = 0; i < 10; ++i) {
    sum += *from_children.receive();
  }
  (void)up.send(std::move(sum));
}

outcome skynet(const request& asked) {
  outcome found;
  found.count = 1;
  found.took = timed([&] {
    gmp::channel<std::int64_t> top;
    (void)gmp::go([&] { grow(top, 0, asked.ops); });
    found.sum = *top.receive();
  });
  return found;
}

std::int64_t fork_and_join(std::int64_t n) {
  if (n < 2) {
    return n;
  }
  std::int64_t one = 0;
  goroutines::group forked;
  forked.start([&one, n] { one = fork_and_join(n - 1); });
  const std::int64_t other = fork_and_join(n - 2);
  forked.wait();
  return one + other;
}

outcome fib(const request& asked) {
  outcome found;
  found.count = 1;
  found.took = timed([&] { found.sum = fork_and_join(asked.ops); });
  return found;
}

// All sleep at once. The sum is how many slept long enough.
outcome sleepers(const request& asked) {
  static constexpr std::chrono::milliseconds length(100);
  tally woken(asked.ops);
  std::atomic<std::int64_t> long_enough = 0;
  outcome found = woken.after(timed([&] {
    goroutines::group all;
    for (std::int64_t i = 0; i < asked.ops; ++i) {
      all.start([&woken, &long_enough, i] {
        const auto took = timed([&] { gmp::sleep_for(length); });
        woken.note(i);
        long_enough += took >= length ? 1 : 0;
      });
    }
    all.wait();
  }));
  found.sum = long_enough;
  return found;
}

// ---- The bare switch -------------------------------------------------

gmp::context measuring;
gmp::context other;
std::int64_t switches = 0;

void switch_back(void* /*argument*/, void* /*passed*/) {
  for (;;) {
    ++switches;
    (void)gmp::switch_context(other, measuring, nullptr);
  }
}

// There and back are two.
outcome bare_switch(const request& asked) {
  alignas(64) static char memory[64 * 1024];
  switches = 0;
  other =
      gmp::prepare_stack(memory + sizeof(memory), switch_back, nullptr);
  outcome found;
  found.took = timed([&] {
    for (std::int64_t i = 0; i < asked.ops; i += 2) {
      (void)gmp::switch_context(measuring, other, nullptr);
      ++switches;
    }
  });
  found.count = switches;
  return found;
}

void in_a_scheduler(const request& asked,
                    const std::function<void()>& body) {
  const auto order =
      asked.lifo ? gmp::spawn_order::lifo : gmp::spawn_order::fifo;
  // A sender of skynet whose value has arrived need not have ended.
  const auto no_report = [](const gmp::goroutine_info&) {};
  gmp::scheduler scheduler({.processors = asked.processors,
                            .order = order,
                            .on_leak = no_report});
  (void)scheduler.run(body);
}

}  // namespace

int main(int count, char** words) {
  const bool bare = count > 1 && std::string_view(words[1]) == "switch";
  return play(
      count, words,
      {{"switch", bare_switch},
       {"yield_2", shared::yield_2},
       {"yield_500", shared::yield_500},
       {"spawn", shared::spawn},
       {"ping_pong", shared::ping_pong},
       {"channel_1024", shared::channel_1024},
       {"channel_128_4x4", shared::channel_128_4x4},
       {"fan_in", shared::fan_in},
       {"select_3", select_3},
       {"skynet", skynet},
       {"fib", fib},
       {"mutex_4", shared::mutex_4},
       {"sleepers", sleepers}},
      bare ? surroundings(nowhere_else) : surroundings(in_a_scheduler));
}
