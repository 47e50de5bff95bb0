// Test it (step 4.8): tests of yours, against pools that are not.
//
// Every MY_TEST is run against three right pools, all of which it
// must spare, and eight wrong ones. my_test.hpp declares worker_pool,
// behind which is one of them: do not include "worker_pool.hpp", which
// would be your own. What a test may use besides: explore/explore.hpp
// (gate, settle, threads_alive, …) and GoogleTest's EXPECT_…

#include <atomic>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include "04_worker_pool/my_test.hpp"

namespace workbook {
namespace {

// TODO(4.8): take a promise of worker_pool.hpp and write the test
// that a pool fails which breaks it. It begins
//   MY_TEST(name_of_the_test) {

}  // namespace
}  // namespace workbook
