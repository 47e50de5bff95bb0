// Step 7.12, a bonus: several pools behind one front.

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "07_complete_pool/pools.hpp"
#include "grading/grading.hpp"
#include "pool_of_pools.hpp"

namespace workbook::bonus {
namespace {

using front = pool_of_pools<os_threads>;

EXPLORED(pool_front, one_pool_after_the_other, 7.12, 2) {
  contract("Submits `job` to the pool that comes next");
  front three(3, {.capacity = 1}, balance::round_robin);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(three.submit([] {}), submit_result::accepted);
  }
  (void)three.shutdown(shutdown_mode::drain);

  for (std::size_t i = 0; i < three.size(); ++i) {
    EXPECT_EQ(three.stats(i).completed, 2U) << "pool " << i;
  }
  EXPECT_THROW(front(0, {}, balance::round_robin),
               std::invalid_argument);
}

EXPLORED(pool_front, the_least_loaded_one, 7.12, 2) {
  contract("or that has the fewest tasks");
  explore::gate gate;
  front two(2, {.capacity = 2}, balance::least_loaded);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(two.submit([&] { gate.wait(); }),
              submit_result::accepted);
  }
  const std::size_t first = two.stats(0).unfinished;
  const std::size_t second = two.stats(1).unfinished;
  gate.open();

  EXPECT_EQ(first, 2U);
  EXPECT_EQ(second, 2U);
}

EXPLORED(pool_front, an_overloaded_one_is_passed_over, 7.12, 1) {
  contract(
      "If that one is overloaded, the others are asked, each once.");
  explore::gate gate;
  front two(2, {.capacity = 1, .nonblocking = true},
            balance::round_robin);
  const auto hold = [&] { gate.wait(); };
  EXPECT_EQ(two.submit(hold), submit_result::accepted);
  EXPECT_EQ(two.submit(hold), submit_result::accepted);
  const submit_result third = two.submit([] {});
  const std::size_t asked =
      two.stats(0).rejected + two.stats(1).rejected;
  gate.open();
  (void)two.shutdown(shutdown_mode::drain);

  EXPECT_EQ(third, submit_result::overloaded);
  EXPECT_EQ(asked, 2U);
  EXPECT_EQ(two.submit([] {}), submit_result::closed);
}

}  // namespace
}  // namespace workbook::bonus
