// Step 1.2, asked of the compiler: what can be moved, but not copied.

#include <future>
#include <memory>
#include <utility>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook {
namespace {

EXPLORED(pooling_compiles, what_can_only_be_moved, 1.2, 2) {
  contract("`f` and `args` are moved or copied first");
  task_pool pool(1);
  auto offset = std::make_unique<int>(40);

  // Neither the callable, nor its argument, nor its result has a copy.
  std::future<std::unique_ptr<int>> sum = pool.submit(
      [offset = std::move(offset)](std::unique_ptr<int> number) {
        *number += *offset;
        return number;
      },
      std::make_unique<int>(2));

  EXPECT_EQ(*sum.get(), 42);
}

}  // namespace
}  // namespace workbook
