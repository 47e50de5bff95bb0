// What is proved rather than sampled: every schedule of a scenario with
// at most so many preemptions and other chances (a spurious wakeup is one).
//
// Says nothing of larger scenarios, nor of more preemptions.

#include <atomic>
#include <cstdio>

#include "explore/search.hpp"
#include "grading/grading.hpp"
#include "task_pool.hpp"

namespace {

void two_workers_two_tasks() {
  std::atomic<int> done = 0;
  {
    workbook::task_pool pool(2);
    (void)pool.submit([&done] { ++done; });
    (void)pool.submit([&done] { ++done; });
  }
  EXPECT_EQ(done, 2);
}

TEST(proof, task_pool_with_two_workers_and_two_tasks) {
  explore::search looking(two_workers_two_tasks,
                          {.schedules = 100'000, .exhaustive = 2});

  const explore::finding found = looking.run();

  EXPECT_FALSE(found.failed) << looking.log().text.data();
  EXPECT_TRUE(found.complete) << "the budget ended before the search";
  std::printf("complete up to bound 2, %d schedules\n",
              found.schedules);
}

}  // namespace
