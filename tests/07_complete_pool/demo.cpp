// Document 003's programs, measured from the first submit to the last
// completion, each in a process of its own, so that each has its own
// peak of memory:
//
//   make demo LAB=07              10,000 workers, 100,000 x 100 ms
//   TASKS=1000000 WORKERS=200000 MS=10 make demo LAB=07
//
// On threads only as many workers as THREADS says (2,000): each is a
// thread of the system.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "elastic_pool.hpp"
#if __has_include("gmp.hpp")
#define HAS_GOROUTINES 1
#include "goroutines.hpp"
#endif

namespace {

struct plan {
  std::size_t workers;
  std::size_t tasks;
  std::chrono::milliseconds length;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now() - start)
      .count();
}

void show_progress(std::size_t done, std::size_t all) {
  constexpr int width = 40;
  const int filled = static_cast<int>(done * width / all);
  std::string bar(static_cast<std::size_t>(filled), '#');
  bar.resize(width, '.');
  std::fprintf(stderr, "\r  %s %3zu %%", bar.c_str(), done * 100 / all);
  if (done == all) {
    std::fprintf(stderr, "\r%*s\r", width + 10, "");
  }
}

// Runs the plan on a pool; every caller of the pool is a thread of the
// model.
template <typename Threads>
void run_pool(const plan& wanted) {
  using pool = workbook::elastic_pool<Threads>;
  const auto start = std::chrono::steady_clock::now();
  pool workers({.capacity = wanted.workers});
  const std::size_t step = std::max<std::size_t>(wanted.tasks / 40, 1);
  for (std::size_t i = 0; i < wanted.tasks; ++i) {
    const auto result = workers.submit(
        [&wanted] { Threads::sleep_for(wanted.length); });
    if (result != workbook::submit_result::accepted) {
      std::fprintf(stderr, "demo: a task was refused\n");
      std::exit(1);
    }
    if (i % step == 0) {
      show_progress(i, wanted.tasks);
    }
  }
  const double submitted = seconds_since(start);
  (void)workers.wait_idle_until(pool::time_point::max());
  show_progress(wanted.tasks, wanted.tasks);
  std::printf("submitted %.2f s, done %.2f s, high water %zu workers",
              submitted, seconds_since(start),
              workers.stats().high_water);
}

void pool_of_threads(const plan& wanted) {
  run_pool<workbook::os_threads>(wanted);
}

#ifdef HAS_GOROUTINES
void pool_of_goroutines(const plan& wanted) {
  workbook::gmp::scheduler scheduler;
  (void)scheduler.run([&] { run_pool<workbook::goroutines>(wanted); });
}

void bare_goroutines(const plan& wanted) {
  namespace gmp = workbook::gmp;
  gmp::scheduler scheduler;
  (void)scheduler.run([&] {
    const auto start = std::chrono::steady_clock::now();
    std::atomic<std::size_t> done = 0;
    for (std::size_t i = 0; i < wanted.tasks; ++i) {
      (void)gmp::go([&] {
        gmp::sleep_for(wanted.length);
        ++done;
      });
    }
    const double submitted = seconds_since(start);
    while (done != wanted.tasks) {
      gmp::sleep_for(std::chrono::milliseconds(1));
    }
    std::printf("submitted %.2f s, done %.2f s", submitted,
                seconds_since(start));
  });
}
#endif

// Calls `program` in a process of its own, and reports its peak.
int measure(const char* title, void (*program)(const plan&),
            const plan& wanted) {
  std::printf("%s\n  ", title);
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    program(wanted);
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  rusage used = {};
  if (child < 0 || ::wait4(child, &status, 0, &used) != child) {
    std::perror("demo");
    return 1;
  }
  if (status != 0) {
    std::printf("failed\n");
    return 1;
  }
  std::printf(", peak RSS %ld MB\n", used.ru_maxrss / 1024);
  return 0;
}

std::size_t number(const char* name, std::size_t otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) {
    return otherwise;
  }
  char* end = nullptr;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (*end != '\0' || value == 0 || value > 100'000'000) {
    std::fprintf(stderr,
                 "demo: %s is a number from 1 to 100000000, not "
                 "\"%s\"\n",
                 name, text);
    std::exit(2);
  }
  return value;
}

}  // namespace

int main() {
  const plan wanted = {
      .workers = number("WORKERS", 10'000),
      .tasks = number("TASKS", 100'000),
      .length = std::chrono::milliseconds(number("MS", 100))};
  plan fewer = wanted;
  fewer.workers = std::min(wanted.workers, number("THREADS", 2'000));
  std::printf(
      "%zu tasks of %lld ms, at most %zu workers\n", wanted.tasks,
      static_cast<long long>(wanted.length.count()), wanted.workers);
  int failed = 0;
#ifdef HAS_GOROUTINES
  failed +=
      measure("elastic_pool<goroutines>", pool_of_goroutines, wanted);
  failed += measure("bare goroutines", bare_goroutines, wanted);
#else
  std::printf("elastic_pool<goroutines>\n  needs chapter 6\n");
#endif
  const std::string title = "elastic_pool<os_threads>, at most " +
                            std::to_string(fewer.workers);
  failed += measure(title.c_str(), pool_of_threads, fewer);
  return failed == 0 ? 0 : 1;
}
