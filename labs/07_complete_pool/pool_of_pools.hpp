// Several pools behind one front, so that their submitters do not all
// meet at one lock.
//
// Book: chapter 7, "The complete pool", a bonus. Model: MultiPool of
// panjf2000/ants.
//
// Invariant (I1): the pools are made by the constructor, and stay.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "elastic_pool.hpp"
#include "grading/todo.hpp"

namespace workbook {

/// How a pool_of_pools chooses.
enum class balance {
  round_robin,  ///< one pool after the other
  least_loaded  ///< the one with the fewest tasks, the first of equals
};

/// pool_of_pools passes each task to one of several elastic_pools.
///
/// Thread safety: as elastic_pool's.
template <thread_model Threads>
class pool_of_pools {
 public:
  using task = worker_task;

  /// Creates `pools` pools, each with the options `each`. Throws
  /// std::invalid_argument if `pools` is 0, and what their
  /// constructors throw.
  pool_of_pools(std::size_t pools, const pool_options& each,
                balance how);

  /// Submits `job` to the pool that comes next, or that has the fewest
  /// tasks. If that one is overloaded, the others are asked, each once.
  /// Otherwise as elastic_pool::submit. O(pools) locks with
  /// least_loaded.
  [[nodiscard]] submit_result submit(task&& job);

  /// Shuts all pools down, one after the other, and returns what they
  /// return.
  std::vector<task> shutdown(shutdown_mode mode);

  /// How many pools there are.
  [[nodiscard]] std::size_t size() const { return pools_.size(); }

  /// The numbers of one of the pools.
  [[nodiscard]] pool_stats stats(std::size_t which) const {
    return pools_.at(which)->stats();
  }

 private:
  std::size_t choose();

  const balance how_;
  std::vector<std::unique_ptr<elastic_pool<Threads>>> pools_;
  std::atomic<std::size_t> next_ = 0;  // for round_robin; wraps
};

// ---- Implementation --------------------------------------------

template <thread_model Threads>
pool_of_pools<Threads>::pool_of_pools(std::size_t pools,
                                      const pool_options& each,
                                      balance how)
    : how_(how) {
  if (pools == 0) {
    throw std::invalid_argument("pool_of_pools: 0 pools");
  }
  while (pools_.size() < pools) {
    pools_.push_back(std::make_unique<elastic_pool<Threads>>(each));
  }
}

// The pool that is asked first.
template <thread_model Threads>
std::size_t pool_of_pools<Threads>::choose() {
  return todo<std::size_t>("7.12");
}

template <thread_model Threads>
submit_result pool_of_pools<Threads>::submit(task&& job) {
  const std::size_t first = choose();
  return todo<submit_result>("7.12", job, first);
}

template <thread_model Threads>
auto pool_of_pools<Threads>::shutdown(shutdown_mode mode)
    -> std::vector<task> {
  std::vector<task> unrun;
  for (const auto& each : pools_) {
    std::vector<task> more = each->shutdown(mode);
    std::move(more.begin(), more.end(), std::back_inserter(unrun));
  }
  return unrun;
}

}  // namespace workbook
