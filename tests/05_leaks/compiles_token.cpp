// Step 5.8, asked of the compiler: spawn with what takes a token, and
// cannot be copied.

#include <memory>
#include <stop_token>
#include <thread>

#include "birthplace.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

GRADED(leaks_compiles, spawn_hands_the_token_on, 5.8, 1) {
  contract("A std::jthread(f) whose birthplace is known");
  std::stop_token seen;

  std::jthread one = spawn([&, only = std::make_unique<int>(1)](
                               std::stop_token stop) { seen = stop; });
  one.join();

  EXPECT_TRUE(seen.stop_possible() && seen == one.get_stop_token())
      << "as std::jthread, spawn gives f the thread's own token";
}

}  // namespace
}  // namespace workbook
