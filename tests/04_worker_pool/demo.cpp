// The document's program: 500 tasks of 1 s on 10 workers, ten times as
// fast, or as the reader chooses:
//
//   SPEED=100 make demo LAB=04

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "worker_pool.hpp"

namespace {

constexpr std::array names = {"steve", "bob", "mary", "therese",
                              "jason"};
constexpr int rounds = 100;
constexpr std::size_t workers = 10;

// How many tasks run at this moment, and how many did at most.
std::atomic<int> running = 0;
std::atomic<int> most = 0;
std::atomic<int> done = 0;

void print_name(const char* name, std::chrono::duration<double> pause) {
  const int now = ++running;
  for (int seen = most; now > seen;) {
    most.compare_exchange_weak(seen, now);
  }
  std::this_thread::sleep_for(pause);
  --running;
  if (++done % 50 == 0) {
    std::printf("%3d tasks done, the last for %s\n", done.load(), name);
    std::fflush(stdout);
  }
}

// The factor that `text` is; 0 if it is none.
double factor_in(const char* text) {
  char* end = nullptr;
  const double factor = std::strtod(text, &end);
  return *end == '\0' && factor >= 1 && factor <= 1e6 ? factor : 0;
}

}  // namespace

int main() {
  const char* const chosen = std::getenv("SPEED");
  const double factor = chosen == nullptr ? 10 : factor_in(chosen);
  if (factor == 0) {
    std::fprintf(stderr,
                 "demo: SPEED is a number from 1 to 1000000, not "
                 "\"%s\"\n",
                 chosen);
    return 2;
  }
  const std::chrono::duration<double> pause(1 / factor);
  std::printf("500 tasks of 1 s on %zu workers, %g times as fast\n",
              workers, factor);
  const auto start = std::chrono::steady_clock::now();
  workbook::worker_pool pool(workers);
  for (int i = 0; i < rounds; ++i) {
    for (const char* name : names) {
      if (pool.run([=] { print_name(name, pause); }) !=
          workbook::run_status::ok) {
        std::fprintf(stderr, "demo: a task was refused\n");
        return 1;
      }
    }
  }
  pool.shutdown();
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  std::printf(
      "%.2f s, that is %.2f s of the document's; at most %d at "
      "once\n",
      took.count(), took.count() * factor, most.load());
}
