// Step 3.9, break it: the reader's schedule against a pool that frees
// the slot of a broken resource, and then destroys the resource.

#include <thread>

#include "grading/grading.hpp"
#include "thing.hpp"

namespace workbook {
namespace {

BREAKS(resource_break, one_too_many, 3.9, 2, "break_2.schedule") {
  contract("at most `capacity` of which are alive at once");
  census counts;
  things pool(of(counts, 1));
  lease<thing> broken = pool.acquire();

  {
    std::jthread a = explore::actor("A", [&] { broken.invalidate(); });
    std::jthread b = explore::actor("B", [&] { pool.acquire(); });
  }

  EXPECT_EQ(counts.most, 1) << "two are alive in a pool of one";
}

}  // namespace
}  // namespace workbook
