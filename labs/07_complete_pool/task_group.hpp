// Tasks of a pool that succeed or fail together.
//
// Book: chapter 7, "The complete pool". Model: the scope of chapter 5,
// whose children are tasks here instead of threads; oneTBB's
// task_group.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) results_ has one entry for each task of the group that may
//        not have ended, unless a caller waits for it.
//   (I2) While first_error_ is set, the group is cancelled.

#pragma once

#include <exception>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "elastic_pool.hpp"
#include "grading/todo.hpp"

namespace workbook {

/// task_group submits tasks to a pool and waits for all of them. The
/// first exception of a task cancels the group: tasks of it that have
/// not begun do nothing, and those that run can see it by their token.
///
/// Thread safety: any member may be called from any thread; wait() not
/// by a task of the group, and only the destructor requires that no
/// other call is in progress. The pool must outlive the group.
template <thread_model Threads>
class task_group {
 public:
  explicit task_group(elastic_pool<Threads>& runs_on)
      : pool_(runs_on) {}

  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Cancels the group and waits for its tasks. An exception that
  /// wait() has not rethrown ends the program (std::terminate).
  ~task_group();

  /// Submits `function`, called with the group's token if it takes a
  /// std::stop_token. Returns and blocks as submit does, and returns
  /// cancelled if the group is cancelled.
  template <typename F>
  submit_result run(F function);

  /// Blocks until all tasks of the group have ended, and what they
  /// captured is destroyed or belongs to the caller of shutdown; then
  /// rethrows the first exception, once. A task that was discarded
  /// counts as one that threw std::future_error. Inside the pool it
  /// runs queued tasks of the group meanwhile. O(tasks).
  void wait();

  /// Cancels the group. Does not wait. Idempotent.
  void cancel() { source_.request_stop(); }

  /// What the tasks get.
  [[nodiscard]] std::stop_token token() const {
    return source_.get_token();
  }

 private:
  using result = std::optional<pool_future<void, Threads>>;

  template <typename F>
  void call(F& function) noexcept;
  void fail(std::exception_ptr error);
  void finish();

  elastic_pool<Threads>& pool_;
  std::stop_source source_;

  typename Threads::mutex mutex_;  // guards both fields below it
  std::list<result> results_;      // never empty ones: see (I1)
  std::exception_ptr first_error_;
};

// ---- Implementation --------------------------------------------

template <thread_model Threads>
task_group<Threads>::~task_group() {
  cancel();
  finish();
  if (first_error_ != nullptr) {
    std::rethrow_exception(first_error_);  // this is a destructor
  }
}

template <thread_model Threads>
template <typename F>
submit_result task_group<Threads>::run([[maybe_unused]] F function) {
  // TODO(7.9): if the group is not cancelled, let pool_.async
  // call(function), and keep its result.
  return todo<submit_result>("7.9");
}

// Runs a task of the group, unless the group was cancelled before.
template <thread_model Threads>
template <typename F>
void task_group<Threads>::call([[maybe_unused]] F& function) noexcept {
  // TODO(7.9): with the token, if it takes one; fail() if it
  // throws.
  todo("7.9");
}

template <thread_model Threads>
void task_group<Threads>::fail(std::exception_ptr error) {
  // TODO(7.9): keep the first one; cancel.
  todo("7.9", error);
}

// Waits until each task of the group has ended.
template <thread_model Threads>
void task_group<Threads>::finish() {
  for (;;) {
    std::list<result> next;
    {
      std::scoped_lock lock(mutex_);
      if (results_.empty()) {
        return;
      }
      // The last one is the most likely to be queued.
      next.splice(next.end(), results_, std::prev(results_.end()));
    }
    try {
      next.front()->get();
    } catch (...) {  // it was discarded: call() does not throw
      fail(std::current_exception());
    }
  }
}

template <thread_model Threads>
void task_group<Threads>::wait() {
  finish();
  // TODO(7.9): rethrow the first exception, once.
  todo("7.9");
}

}  // namespace workbook
