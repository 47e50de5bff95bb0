// What stands between the reader's tests (step 4.8) and the pools that
// they judge. Neither side knows the types of the other: the tests are
// compiled once and every pool once, and a test has nothing to go by
// but what a pool does.
//
// Book: chapter 4, "Worker pool", section Test it.

#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>

namespace workbook::test_it {

/// What a task holds.
struct callable {
  virtual ~callable() = default;
  virtual void call() = 0;
};

/// A task on its way from the reader's test to a pool.
using job = std::unique_ptr<callable>;

/// The place of a run_status in its enumeration: each pool has a type
/// of its own, and all have the same words in the same order.
using answer = int;

using error_handler = std::function<void(std::exception_ptr)>;

/// The calls of worker_pool. `given` is null afterwards if and only if
/// the pool has left its caller an empty task.
class judged_pool {
 public:
  virtual ~judged_pool() = default;
  virtual answer run(job& given) = 0;
  virtual answer run(job& given, std::stop_token stop) = 0;
  virtual answer run_for(job& given,
                         std::chrono::nanoseconds limit) = 0;
  virtual answer try_run(job& given) = 0;
  virtual void shutdown() = 0;
};

using pool_maker = std::unique_ptr<judged_pool> (*)(
    std::size_t workers, error_handler on_error);

/// Makes the pool that is on trial in this process. Throws what its
/// constructor throws.
std::unique_ptr<judged_pool> make_pool(std::size_t workers,
                                       error_handler on_error);

/// Adds a pool, or a test of the reader's, to those of this program.
/// For objects that are made before main begins.
struct enlisted {
  enlisted(const char* pool, pool_maker make);
  enlisted(const char* test, void (*scenario)());
};

}  // namespace workbook::test_it
