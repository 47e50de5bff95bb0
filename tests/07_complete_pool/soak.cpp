// Conservation: a pool is used from many sides at once (submit, cancel,
// throw, resize, pause, shut down, reboot), and at the end no task is
// missing: accepted = completed + failed + returned.
//
//   SECONDS=600 07_complete_pool/solutions/soak

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stop_token>
#include <vector>

#include "elastic_pool.hpp"
#if __has_include("gmp.hpp")
#define HAS_GOROUTINES 1
#include "goroutines.hpp"
#endif

namespace {

using workbook::pool_stats;
using workbook::shutdown_mode;

// What the tasks and the submitters have seen themselves.
struct ledger {
  std::atomic<std::size_t> ran = 0;
  std::atomic<std::size_t> threw = 0;
  std::atomic<std::size_t> returned = 0;
};

template <typename Threads>
void submit_until_end(workbook::elastic_pool<Threads>& pool,
                      ledger& seen, unsigned seed,
                      std::chrono::steady_clock::time_point end) {
  std::minstd_rand random(seed);
  while (std::chrono::steady_clock::now() < end) {
    std::stop_source stop;
    const unsigned kind = random() % 8;
    if (kind == 0) {
      stop.request_stop();
    }
    (void)pool.submit(
        [&seen, &pool, kind] {
          if (kind == 1) {
            ++seen.threw;
            throw 1;
          }
          if (kind == 2) {
            auto inner = pool.async([] { Threads::yield(); });
            if (inner.status() == workbook::submit_result::accepted) {
              inner.wait();
            }
          }
          ++seen.ran;
        },
        stop.get_token());
    if (random() % 64 == 0) {
      Threads::yield();
    }
  }
}

template <typename Threads>
void disturb_until_end(workbook::elastic_pool<Threads>& pool,
                       ledger& seen,
                       std::chrono::steady_clock::time_point end) {
  std::minstd_rand random(7);
  while (std::chrono::steady_clock::now() < end) {
    switch (random() % 4) {
      case 0:
        pool.resize(1 + random() % 8);
        break;
      case 1:
        pool.pause();
        Threads::sleep_for(std::chrono::milliseconds(1));
        pool.resume();
        break;
      case 2:
        seen.returned +=
            pool.shutdown(random() % 2 == 0 ? shutdown_mode::discard
                                            : shutdown_mode::drain)
                .size();
        (void)pool.reboot();
        break;
      default:
        Threads::sleep_for(std::chrono::milliseconds(3));
    }
  }
}

// Returns whether every task is accounted for.
template <typename Threads>
bool soak(const char* title, std::chrono::seconds length) {
  ledger seen;
  workbook::elastic_pool<Threads> pool(
      {.capacity = 4,
       .idle_timeout = std::chrono::milliseconds(2),
       .on_exception = [](const std::exception_ptr&) {}});
  const auto end = std::chrono::steady_clock::now() + length;
  std::vector<typename Threads::thread> users;
  for (unsigned i = 1; i <= 4; ++i) {
    users.push_back(Threads::spawn([&pool, &seen, i, end] {
      submit_until_end<Threads>(pool, seen, i, end);
    }));
  }
  disturb_until_end<Threads>(pool, seen, end);
  for (auto& user : users) {
    user.join();
  }
  seen.returned += pool.shutdown(shutdown_mode::discard).size();
  const pool_stats now = pool.stats();
  const bool right =
      now.accepted == now.completed + now.failed + now.returned &&
      now.submitted == now.accepted + now.rejected &&
      now.failed == seen.threw && now.returned == seen.returned &&
      now.unfinished == 0 && now.workers == 0;
  std::printf(
      "%s: %zu accepted = %zu completed + %zu failed + %zu returned; "
      "%zu rejected, %zu spawned, %zu pruned: %s\n",
      title, now.accepted, now.completed, now.failed, now.returned,
      now.rejected, now.spawned, now.pruned,
      right ? "conserved" : "NOT conserved");
  return right;
}

}  // namespace

int main() {
  const char* const text = std::getenv("SECONDS");
  const std::chrono::seconds length(
      text == nullptr ? 10 : std::strtol(text, nullptr, 10));
  bool right = soak<workbook::os_threads>("threads", length);
#ifdef HAS_GOROUTINES
  workbook::gmp::scheduler scheduler;
  (void)scheduler.run([&] {
    right = soak<workbook::goroutines>("goroutines", length) && right;
  });
#endif
  return right ? 0 : 1;
}
