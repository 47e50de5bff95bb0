// Boost.Asio: its thread_pool, as it comes and with a bound, and
// sleepers that are coroutines of C++20.

// clang-format off
#include <utility>  // Boost 1.74 needs it and does not include it
// clang-format on

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <semaphore>
#include <thread>
#include <utility>  // Boost 1.74 uses it and does not include it
#include <vector>

#include "contestant.hpp"
#include "pool_workload.hpp"

namespace {

namespace asio = boost::asio;
using namespace workbook::duel;

// The pool lives as long as the process, so that only the first run
// starts threads; the warm-up is one.
asio::thread_pool& pool_of(const request& asked) {
  static asio::thread_pool pool(
      static_cast<std::size_t>(asked.workers));
  return pool;
}

outcome thread_pool(const request& asked) {
  asio::thread_pool& pool = pool_of(asked);
  return submit_all(
      asked, [&](auto task) { asio::post(pool, std::move(task)); });
}

// As many tasks in flight as workers; then a submitter waits.
outcome bounded_pool(const request& asked) {
  asio::thread_pool& pool = pool_of(asked);
  static std::counting_semaphore<> room(asked.workers);
  return submit_all(asked, [&](auto task) {
    room.acquire();
    asio::post(pool, [task = std::move(task)] {
      task();
      room.release();
    });
  });
}

constexpr std::chrono::milliseconds length(100);

asio::awaitable<void> sleeper(tally& woken,
                              std::atomic<std::int64_t>& long_enough,
                              std::int64_t i) {
  const auto start = std::chrono::steady_clock::now();
  asio::steady_timer timer(co_await asio::this_coro::executor, length);
  co_await timer.async_wait(asio::use_awaitable);
  woken.note(i);
  const auto took = std::chrono::steady_clock::now() - start;
  long_enough += took >= length ? 1 : 0;
}

outcome sleepers(const request& asked) {
  tally woken(asked.ops);
  std::atomic<std::int64_t> long_enough = 0;
  outcome found = woken.after(timed([&] {
    asio::io_context context(asked.processors);
    for (std::int64_t i = 0; i < asked.ops; ++i) {
      asio::co_spawn(context, sleeper(woken, long_enough, i),
                     asio::detached);
    }
    std::vector<std::jthread> helpers;
    for (int i = 1; i < asked.processors; ++i) {
      helpers.emplace_back([&] { context.run(); });
    }
    context.run();
  }));
  found.sum = long_enough;
  return found;
}

}  // namespace

int main(int count, char** words) {
  return play(count, words,
              {{"pool", thread_pool},
               {"bounded", bounded_pool},
               {"sleepers", sleepers}});
}
