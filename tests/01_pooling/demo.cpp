// Document 000's program, on our pool: 1,000 tasks of 100 ms through
// 100 workers, one task that fails, and the memory before and after.

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "task_pool.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t task_count = 1'000;
constexpr std::size_t max_workers = 100;
constexpr milliseconds one_task(100);

// What this process holds in memory, in kB, as /proc/self/status names
// it: VmRSS what is resident, VmSize the address space. 0 if unknown.
long memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == name + ":") {
      long kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  }
  return 0;
}

void print_memory(const char* when) {
  std::printf("%-28s %7.1f MB resident, %7.1f MB of addresses\n", when,
              static_cast<double>(memory("VmRSS")) / 1024,
              static_cast<double>(memory("VmSize")) / 1024);
}

}  // namespace

int main() {
  print_memory("before the pool");
  {
    workbook::task_pool pool(max_workers);
    const auto start = steady_clock::now();
    for (std::size_t i = 0; i < task_count; ++i) {
      pool.submit([] { std::this_thread::sleep_for(one_task); });
    }
    pool.wait_idle();
    const std::chrono::duration<double> elapsed =
        steady_clock::now() - start;

    std::printf("%zu tasks of %lld ms: %.4f s\n", task_count,
                static_cast<long long>(one_task.count()),
                elapsed.count());
    std::printf("workers: %zu\n", pool.workers());
    print_memory("100 idle workers");

    std::future<void> failed =
        pool.submit([] { throw std::runtime_error("test error"); });
    try {
      failed.get();
    } catch (const std::runtime_error& error) {
      std::printf("the caller caught: %s\n", error.what());
    }
    pool.wait_idle();
    std::printf("workers after it: %zu\n", pool.workers());
  }
  print_memory("after the pool");
}
