// worker_pool as the reader's tests (step 4.8) see it: the calls of
// labs/04_worker_pool/worker_pool.hpp, whose docstrings say what they
// promise. Behind it is one of eleven pools.

#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

#include "04_worker_pool/judged_pool.hpp"
#include "04_worker_pool/run_status.hpp"
#include "worker_task.hpp"

namespace workbook {

class worker_pool {
 public:
  using task = worker_task;
  using error_handler = std::function<void(std::exception_ptr)>;

  explicit worker_pool(std::size_t workers,
                       error_handler on_error = nullptr)
      : pool_(test_it::make_pool(workers, std::move(on_error))) {}
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool() = default;

  [[nodiscard]] run_status run(task&& job) {
    loan lent(job);
    return run_status{pool_->run(lent.given)};
  }
  [[nodiscard]] run_status run(task&& job, std::stop_token stop) {
    loan lent(job);
    return run_status{pool_->run(lent.given, std::move(stop))};
  }
  [[nodiscard]] run_status run_for(task&& job,
                                   std::chrono::nanoseconds limit) {
    loan lent(job);
    return run_status{pool_->run_for(lent.given, limit)};
  }
  [[nodiscard]] run_status try_run(task&& job) {
    loan lent(job);
    return run_status{pool_->try_run(lent.given)};
  }
  void shutdown() { pool_->shutdown(); }

 private:
  struct holder final : test_it::callable {
    explicit holder(task&& job) : held(std::move(job)) {}
    void call() override { held(); }
    task held;
  };

  // A task as the job that the pool behind is given. What the pool
  // leaves goes back to its owner.
  struct loan {
    explicit loan(task& job) : owner(job) {
      if (job) {
        auto own = std::make_unique<holder>(std::move(job));
        held = own.get();
        given = std::move(own);
      }
    }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    ~loan() {
      if (given != nullptr) {
        owner = std::move(held->held);
      }
    }

    task& owner;
    holder* held = nullptr;  // owned by given
    test_it::job given;
  };

  std::unique_ptr<test_it::judged_pool> pool_;
};

}  // namespace workbook
