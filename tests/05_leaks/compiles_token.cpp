// Step 5.9, checked by the compiler: spawn with a callable that takes a
// token and cannot be copied.

#include <memory>
#include <stop_token>
#include <thread>

#include "grading/grading.hpp"
#include "spawn_site.hpp"

namespace workbook {
namespace {

GRADED(leaks_compiles, spawn_hands_the_token_on, 5.9, 1) {
  contract(
      "Returns a std::jthread that runs f. … If f takes a stop token, "
      "it receives the thread's own.");
  std::stop_token seen;

  std::jthread one = spawn([&, only = std::make_unique<int>(1)](
                               std::stop_token stop) { seen = stop; });
  one.join();

  EXPECT_TRUE(seen.stop_possible() && seen == one.get_stop_token())
      << "like std::jthread, spawn passes f the thread's own token";
}

}  // namespace
}  // namespace workbook
