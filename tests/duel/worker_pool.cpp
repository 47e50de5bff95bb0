// The pool of chapter 4: a task is handed over to a worker.

#include "worker_pool.hpp"

#include <cstddef>
#include <utility>

#include "contestant.hpp"
#include "pool_workload.hpp"

namespace {

using namespace workbook::duel;

outcome pool(const request& asked) {
  static workbook::worker_pool pool(
      static_cast<std::size_t>(asked.workers));
  return submit_all(
      asked, [&](auto task) { (void)pool.run(std::move(task)); });
}

}  // namespace

int main(int count, char** words) {
  return play(count, words, {{"worker_pool", pool}});
}
