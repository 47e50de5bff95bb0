// The result of a task, for a caller that may itself be a task of the
// same pool.
//
// Book: chapter 7, "The complete pool". Given to the reader, except
// for wait. Model: std::future; the blocking join of fork-join pools,
// which runs the awaited task itself if no worker has it yet.
//
// Invariants (each holds whenever the state's mutex is free):
//   (I1) ready is true if and only if value or error has been set; it
//        never becomes false again.
// And at all times:
//   (I2) The last owner of the task makes the state ready: by running
//        the task, or by destroying it.

#pragma once

#include <cassert>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

//@ #include "grading/todo.hpp"
#include "pool_types.hpp"
#include "thread_model.hpp"

namespace workbook {

template <thread_model Threads>
class elastic_pool;

/// Stands for the value of a task that returns nothing.
struct no_value {};

/// What a task and its pool_future share.
template <typename T, thread_model Threads>
struct result_state : queue_ticket {
  using value_type = std::conditional_t<std::is_void_v<T>, no_value, T>;

  typename Threads::mutex mutex;  // guards every field below it
  typename Threads::condition_variable changed;  // ready
  bool ready = false;
  std::optional<value_type> value = {};
  std::exception_ptr error = nullptr;

  /// Waiting tasks of the pool go on: shutdown waits for them.
  void discarded() noexcept override {
    set({}, std::make_exception_ptr(
                std::future_error(std::future_errc::broken_promise)));
  }

  /// Whether the result has been set.
  bool is_ready() {
    std::scoped_lock lock(mutex);
    return ready;
  }

  /// Makes the state ready, unless it is.
  void set(std::optional<value_type> result,
           std::exception_ptr problem) noexcept {
    std::scoped_lock lock(mutex);
    if (!ready) {
      value = std::move(result);
      error = std::move(problem);
      ready = true;
      changed.notify_all();
    }
  }
};

/// The task that computes a result: calls a function once, and puts
/// what comes out of it into the state. If it is discarded, or
/// destroyed before it was called, the future throws
/// std::future_error, broken_promise, and a call does nothing.
template <typename F, typename T, thread_model Threads>
class result_task {
 public:
  using state_type = result_state<T, Threads>;

  result_task(F function, std::shared_ptr<state_type> state)
      : function_(std::move(function)), state_(std::move(state)) {}
  result_task(result_task&& other) = default;
  result_task& operator=(result_task&&) = delete;

  ~result_task() {
    if (state_ != nullptr) {
      state_->discarded();
    }
  }

  void operator()() {
    if (state_->is_ready()) {
      return;  // it was discarded
    }
    std::optional<typename state_type::value_type> value;
    std::exception_ptr error;
    try {
      if constexpr (std::is_void_v<T>) {
        function_();
        value.emplace();
      } else {
        value.emplace(function_());
      }
    } catch (...) {
      error = std::current_exception();
    }
    state_->set(std::move(value), std::move(error));
  }

 private:
  F function_;
  std::shared_ptr<state_type> state_;  // null once moved from
};

/// The result of elastic_pool::async. Move-only; usable by one thread
/// at a time. It may outlive the pool.
template <typename T, thread_model Threads>
class pool_future {
 public:
  using state_type = result_state<T, Threads>;

  /// What submit would have returned. On anything but accepted there
  /// is no result, and only status() may be called (asserted).
  [[nodiscard]] submit_result status() const { return status_; }

  /// Whether get() would return at once; a snapshot.
  [[nodiscard]] bool ready() const;

  /// Blocks until the task has ended, or was discarded, or destroyed
  /// without having run. Called by a task of the same pool, it first runs the awaited
  /// task itself if no worker has taken it yet, also while the pool is
  /// paused; so a task that waits for its own subtasks cannot deadlock
  /// the pool.
  void wait();

  /// Waits as wait() does, and returns the value that the task
  /// returned, or throws what it threw; if it was discarded, or
  /// destroyed without having run, throws std::future_error,
  /// broken_promise. Once only.
  T get();

 private:
  friend class elastic_pool<Threads>;

  pool_future(elastic_pool<Threads>& home, submit_result status,
              std::shared_ptr<state_type> state)
      : pool_(&home), status_(status), state_(std::move(state)) {}

  elastic_pool<Threads>* pool_;  // alive while one of its tasks runs
  submit_result status_;
  std::shared_ptr<state_type> state_;
};

// ---- Implementation --------------------------------------------

template <typename T, thread_model Threads>
bool pool_future<T, Threads>::ready() const {
  assert(status_ == submit_result::accepted && state_ != nullptr);
  std::scoped_lock lock(state_->mutex);
  return state_->ready;
}

template <typename T, thread_model Threads>
void pool_future<T, Threads>::wait() {
  assert(status_ == submit_result::accepted && state_ != nullptr);
  // [7.8 help]
  //@ // TODO(7.8): is the awaited task still in the pool's queue?
  //@ todo("7.8");
  if (Threads::local() == pool_) {  // so the pool is alive
    pool_->help(*state_);
  }
  // [7.8 help]
  std::unique_lock lock(state_->mutex);
  while (!state_->ready) {
    state_->changed.wait(lock);
  }
}

template <typename T, thread_model Threads>
T pool_future<T, Threads>::get() {
  wait();
  const auto state = std::move(state_);
  // The state is ready and this is its only reader: no lock is needed.
  if (state->error != nullptr) {
    std::rethrow_exception(state->error);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*state->value);
  }
}

}  // namespace workbook
