// Step 3.5, asked of the compiler: a limit may be any duration.

#include <chrono>
#include <memory>

#include "grading/grading.hpp"
#include "resource_pool.hpp"

namespace workbook {
namespace {

using namespace std::chrono_literals;

EXPLORED(resource_compiles, a_limit_of_any_kind, 3.5, 1,
         .timeouts_race = false, .virtual_time = true) {
  contract("Like acquire_until, `limit` from now.");
  resource_pool<int> pool({.capacity = 1, .factory = [] {
                             return std::make_unique<int>(7);
                           }});
  const lease<int> held = pool.acquire();

  const acquire_result<int> late =
      pool.acquire_for(std::chrono::duration<double>(1.5));

  EXPECT_EQ(late.status, acquire_status::timed_out);
  EXPECT_EQ(explore::now(), 1500ms)
      << "a second and a half, in whatever unit";
}

}  // namespace
}  // namespace workbook
