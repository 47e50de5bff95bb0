// Makes a judged_pool of any class with the calls of worker_pool.
// Included by the units that tests/test_it.cmake writes, one per pool,
// each of which calls its class ::pool_to_judge.
//
// The class has no linkage, so that it is called the same in all units:
// typeid does not tell a test which pool it has.

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <utility>

#include "04_worker_pool/judged_pool.hpp"

namespace workbook::test_it {

namespace {

class judged_pool_of final : public judged_pool {
 public:
  judged_pool_of(std::size_t workers, error_handler on_error)
      : pool_(workers, std::move(on_error)) {}

  static std::unique_ptr<judged_pool> make(std::size_t workers,
                                           error_handler on_error) {
    return std::make_unique<judged_pool_of>(workers,
                                            std::move(on_error));
  }

  answer run(job& given) override {
    loan lent(given);
    return static_cast<answer>(pool_.run(std::move(lent.task)));
  }
  answer run(job& given, std::stop_token stop) override {
    loan lent(given);
    return static_cast<answer>(
        pool_.run(std::move(lent.task), std::move(stop)));
  }
  answer run_for(job& given, std::chrono::nanoseconds limit) override {
    loan lent(given);
    return static_cast<answer>(
        pool_.run_for(std::move(lent.task), limit));
  }
  answer try_run(job& given) override {
    loan lent(given);
    return static_cast<answer>(pool_.try_run(std::move(lent.task)));
  }
  void shutdown() override { pool_.shutdown(); }

 private:
  // A job as a task of this pool, for the time of one call. What the
  // pool leaves in the task goes back.
  struct loan {
    explicit loan(job& given) : owner(given) {
      if (given != nullptr) {
        auto own = std::make_unique<job>(std::move(given));
        held = own.get();
        task = [own = std::move(own)] { (*own)->call(); };
      }
    }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    ~loan() {
      if (task) {
        owner = std::move(*held);
      }
    }

    job& owner;
    job* held = nullptr;  // owned by the task
    pool_to_judge::task task;
  };

  pool_to_judge pool_;
};

}  // namespace
}  // namespace workbook::test_it
