// Step 4.1, asked of the compiler: a task that can be moved, but not
// copied, and a pool that keeps its promises about exceptions.

#include <memory>
#include <type_traits>
#include <utility>

#include "grading/grading.hpp"
#include "worker_pool.hpp"

namespace workbook {
namespace {

static_assert(!std::is_copy_constructible_v<worker_pool::task>);
static_assert(std::is_nothrow_move_constructible_v<worker_pool::task>);
static_assert(!std::is_copy_constructible_v<worker_pool>);
static_assert(std::is_nothrow_destructible_v<worker_pool>);

EXPLORED(worker_compiles, what_can_only_be_moved, 4.1, 1) {
  contract(
      "A move-only callable that takes nothing and returns nothing.");
  auto number = std::make_unique<int>(42);
  int got = 0;

  {
    worker_pool pool(1);
    EXPECT_EQ(
        pool.run([number = std::move(number), &got] { got = *number; }),
        run_status::ok);
  }

  EXPECT_EQ(got, 42);
}

}  // namespace
}  // namespace workbook
