// The pool of chapter 1: each task has a future.

#include "task_pool.hpp"

#include <cstddef>

#include "contestant.hpp"
#include "pool_workload.hpp"

namespace {

using namespace workbook::duel;

outcome pool(const request& asked) {
  static workbook::task_pool pool(
      static_cast<std::size_t>(asked.workers));
  outcome found =
      submit_all(asked, [&](auto task) { (void)pool.submit(task); });
  pool.wait_idle();
  return found;
}

}  // namespace

int main(int count, char** words) {
  return play(count, words, {{"task_pool", pool}});
}
