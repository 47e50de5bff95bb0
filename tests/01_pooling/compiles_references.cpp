// Step 1.2, checked by the compiler: references, and members as callables.

#include <functional>
#include <future>
#include <string>
#include <type_traits>

#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace workbook {
namespace {

EXPLORED(pooling_compiles, a_reference_as_result, 1.2, 1) {
  contract("Runs f(args…) on a worker.");
  int number = 3;
  const std::string word = "four";
  task_pool pool(1);

  auto same =
      pool.submit([](int& n) -> int& { return n; }, std::ref(number));
  auto size = pool.submit(&std::string::size, word);

  static_assert(std::is_same_v<decltype(same), std::future<int&>>);
  EXPECT_EQ(&same.get(), &number)
      << "a task that returns a reference returns that very reference";
  EXPECT_EQ(size.get(), 4U);
}

}  // namespace
}  // namespace workbook
