// Document 001's program, on a real database: 25 callers with a query
// each, and two connections for all of them.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "connection.hpp"

namespace {

using workbook::connection;
using namespace std::chrono_literals;

constexpr int queries = 25;

void print_stats(const char* when,
                 const workbook::resource_pool_stats& now) {
  std::printf("%-26s %zu alive, %zu idle, %zu ever opened\n", when,
              now.alive, now.idle, now.created);
}

// 25 callers at once; how many got the right answer.
int ask_all(workbook::resource_pool<connection>& pool) {
  std::atomic<int> right = 0;
  std::vector<std::jthread> callers;
  for (int n = 1; n <= queries; ++n) {
    callers.emplace_back([&pool, &right, n] {
      const auto lent = pool.acquire();
      const long long sum = lent->ask(workbook::sum_of_squares(n));
      std::this_thread::sleep_for(10ms);  // the answer's way home
      right += sum == n * (n + 1) * (2 * n + 1) / 6;
    });
  }
  callers.clear();
  return right;
}

}  // namespace

int main() {
  std::string file = "/tmp/workbook_squares_XXXXXX";
  close(mkstemp(file.data()));
  workbook::write_squares(file, queries);
  {
    workbook::resource_pool<connection> pool(
        workbook::connections(file, 2));

    std::printf("%d queries by %d callers: %d right\n", queries,
                queries, ask_all(pool));
    print_stats("after the queries:", pool.stats());

    pool.acquire()->kill();
    print_stats("one connection is cut:", pool.stats());
    std::printf("%d queries more: %d right\n", queries, ask_all(pool));
    print_stats("it has been replaced:", pool.stats());

    const auto last = pool.acquire();
    pool.close();
    print_stats("closed, one still lent:", pool.stats());
    std::printf("it still answers: %lld\n",
                last->ask(workbook::sum_of_squares(3)));
  }
  unlink(file.c_str());
}
