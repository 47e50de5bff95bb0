// What it costs to wait: a million goroutines, and some threads.

#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gmp.hpp"
#include "wait_group.hpp"

namespace workbook {

using std::chrono::steady_clock;

inline double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start)
      .count();
}

// Resident bytes of this process.
inline std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t pages = 0;
  file >> all >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

inline void print_cost(const char* what, std::size_t n,
                       std::size_t before) {
  std::printf("%8zu %s wait: %6zu bytes each", n, what,
              (resident() - before) / n);
  std::fflush(stdout);
}

inline void goroutines(std::size_t n) {
  gmp::scheduler scheduler;
  (void)scheduler.run([&] {
    const std::size_t before = resident();
    const auto start = steady_clock::now();
    std::atomic<std::size_t> waiting = 0;
    gmp::wait_group gate;
    gmp::wait_group all;
    gate.add();
    all.add(static_cast<std::int64_t>(n));
    for (std::size_t i = 0; i < n; ++i) {
      (void)gmp::go([&] {
        ++waiting;
        gate.wait();
        all.done();
      });
    }
    while (waiting != n) {
      gmp::yield();
    }
    const double started = seconds_since(start);
    print_cost("goroutines", n, before);
    gate.done();
    all.wait();
    std::printf(", started in %.2f s, all joined at %.2f s\n", started,
                seconds_since(start));
  });
}

inline void threads(std::size_t n) {
  const std::size_t before = resident();
  const auto start = steady_clock::now();
  std::mutex mutex;  // guards waiting and open
  std::condition_variable changed;
  std::size_t waiting = 0;
  bool open = false;
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < n; ++i) {
    all.emplace_back([&] {
      std::unique_lock lock(mutex);
      ++waiting;
      changed.notify_all();
      changed.wait(lock, [&] { return open; });
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return waiting == n; });
  const double started = seconds_since(start);
  print_cost("threads   ", n, before);
  open = true;
  changed.notify_all();
  lock.unlock();
  for (std::thread& each : all) {
    each.join();
  }
  std::printf(", started in %.2f s, all joined at %.2f s\n", started,
              seconds_since(start));
}

// Calls `program` in a process of its own, whose memory nothing else
// has used before.
inline bool apart(void (*program)(std::size_t), std::size_t n) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    program(n);
    std::fflush(stdout);
    ::_exit(0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child &&
         status == 0;
}

// How many goroutines fit into three quarters of the free memory, at a
// page and a bit each.
inline std::size_t that_fit() {
  std::ifstream file("/proc/meminfo");
  std::string word;
  std::size_t kilobytes = 0;
  while (file >> word && word != "MemAvailable:") {
  }
  file >> kilobytes;
  return kilobytes / 6;
}

}  // namespace workbook
