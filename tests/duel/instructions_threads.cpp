// The same for the pools of chapters 1, 4 and 7 on threads: a task is
// handed to the one worker, which has gone to sleep before.

#include <valgrind/callgrind.h>

#include <cstdio>

#include "counted.hpp"
#include "elastic_pool.hpp"
#include "task_pool.hpp"
#include "worker_pool.hpp"

namespace {

using workbook::duel::count;
using workbook::duel::operations;

void task_pool() {
  workbook::task_pool pool(1);
  count("submit to task_pool, on threads", [&] {
    for (int i = 0; i < operations; ++i) {
      pool.submit([] {}).get();
    }
    pool.wait_idle();
  });
}

void worker_pool() {
  workbook::worker_pool pool(1);
  count("run by worker_pool, on threads", [&] {
    for (int i = 0; i < operations; ++i) {
      (void)pool.run([] {});
    }
  });
}

void elastic_pool() {
  using threads = workbook::elastic_pool<workbook::os_threads>;
  threads pool({.capacity = 1});
  count("submit to elastic_pool, on threads", [&] {
    for (int i = 0; i < operations; ++i) {
      (void)pool.submit([] {});
    }
    (void)pool.wait_idle_until(threads::time_point::max());
  });
}

}  // namespace

int main() {
  if (RUNNING_ON_VALGRIND == 0) {
    std::fprintf(stderr, "instructions: valgrind runs it\n");
    return 2;
  }
  task_pool();
  worker_pool();
  elastic_pool();
  return 0;
}
