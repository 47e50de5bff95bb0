// Step 3.8, break it: the reader's schedule against a pool that looks
// whether it is closed, and then, under the lock anew, waits.

#include <thread>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook {
namespace {

BREAKS(resource_break, news_that_came_too_early, 3.8, 2,
       "break_1.schedule") {
  contract("Every caller that waits gets `closed`.");
  census counts;
  things pool(of(counts, 1));
  const lease<thing> held = pool.acquire();

  {
    std::jthread user = explore::actor("user", [&] {
      EXPECT_THROW(pool.acquire(), things::pool_closed);
    });
    std::jthread closer =
        explore::actor("closer", [&] { pool.close(); });
  }

  EXPECT_EQ(pool.stats().waiting, 0U)
      << "the pool is closed, and somebody waits";
}

}  // namespace
}  // namespace workbook
