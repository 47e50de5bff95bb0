// oneTBB: fork and join, and tasks in an arena of so many threads.

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "contestant.hpp"
#include "pool_workload.hpp"

namespace {

namespace tbb = oneapi::tbb;
using namespace workbook::duel;

std::int64_t fork_and_join(std::int64_t n) {
  if (n < 2) {
    return n;
  }
  std::int64_t one = 0;
  tbb::task_group forked;
  forked.run([&one, n] { one = fork_and_join(n - 1); });
  const std::int64_t other = fork_and_join(n - 2);
  forked.wait();
  return one + other;
}

outcome fib(const request& asked) {
  outcome found;
  found.count = 1;
  tbb::task_arena arena(asked.processors);
  arena.execute([&] {
    found.took = timed([&] { found.sum = fork_and_join(asked.ops); });
  });
  return found;
}

std::size_t threads_for(const request& asked) {
  return static_cast<std::size_t>(asked.workers) + 1;
}

// The submitters are outside of the arena; only its workers run tasks.
outcome enqueue(const request& asked) {
  tbb::global_control threads(
      tbb::global_control::max_allowed_parallelism, threads_for(asked));
  static tbb::task_arena workers(asked.workers, 0);
  return submit_all(
      asked, [&](auto task) { workers.enqueue(std::move(task)); });
}

// The submitters are in the arena, and run tasks while they wait.
outcome group(const request& asked) {
  tbb::global_control threads(
      tbb::global_control::max_allowed_parallelism, threads_for(asked));
  static tbb::task_arena workers(asked.workers);
  tally seen(asked.ops);
  const auto submit_some = [&](std::int64_t first) {
    workers.execute([&] {
      tbb::task_group tasks;
      for (std::int64_t i = first; i < asked.ops;
           i += asked.submitters) {
        tasks.run([&seen, i] { seen.note(i); });
      }
      tasks.wait();
    });
  };
  return seen.after(timed([&] {
    std::vector<std::jthread> others;
    for (int i = 1; i < asked.submitters; ++i) {
      others.emplace_back(submit_some, i);
    }
    submit_some(0);
  }));
}

}  // namespace

int main(int count, char** words) {
  return play(count, words,
              {{"fib", fib}, {"enqueue", enqueue}, {"group", group}});
}
