// Step 1.2, checked by the compiler: types that can be moved but not
// copied.

#include <future>
#include <memory>
#include <utility>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook {
namespace {

EXPLORED(pooling_compiles, what_can_only_be_moved, 1.2, 2) {
  contract(
      "`f` and `args` are moved or copied first and passed as rvalues, "
      "as std::async does.");
  task_pool pool(1);
  auto offset = std::make_unique<int>(40);

  // Neither callable, argument nor result can be copied.
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
