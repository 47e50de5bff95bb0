// A scope for threads: every thread spawned in it ends before it does.
//
// Book: chapter 5, "Leaks". Document: 002, what its cure lacks.
// Model: the nurseries of Trio (N. J. Smith, 2018); Java's
// StructuredTaskScope.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) A child is in running_ from its spawn until its function has
//        returned or thrown and its captures are destroyed.
//   (I2) The child that ended last owns the thread of the child that
//        ended before it, and joins it. So last_ended_ is the only
//        thread that is left to join once running_ is empty.
//   (I3) first_error_ is the first exception of a child that no join
//        has rethrown. It is stored before the scope is cancelled.
// And at all times:
//   (I4) No user code runs while mutex_ is held.
//   (I5) Once a stop is requested, no child is spawned.

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cassert>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "call_site.hpp"
#include "grading/todo.hpp"
#include "scope_limits.hpp"
#include "scope_nesting.hpp"
#include "task_scope_options.hpp"
#include "thread_facts.hpp"

namespace workbook {

/// task_scope runs children on threads of their own and outlives them.
/// It is cancelled by cancel(), by the first child that throws, by its
/// deadline, by its outer token, and by its destructor. Cancellation
/// requests a stop on the children's token, which wakes every child
/// that waits with it, for example on a channel.
///
/// Thread safety: any member may be called from any thread, except as
/// noted. The destructor requires that no other thread is in a call. A
/// scope that a child creates must be destroyed before that child ends.
/// "Inside" means: on the thread of a child of this scope, or of a
/// child of a scope that was created inside. Document: 002.
class task_scope {
 public:
  using clock = std::chrono::steady_clock;

  /// Creates a scope without children. It is cancelled at once if the
  /// deadline has passed or the outer stop was requested. Throws
  /// std::system_error if a deadline needs a thread and none can start.
  explicit task_scope(task_scope_options options = {});

  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  /// Cancels, and blocks until all children have ended. Passes an
  /// exception that no join has rethrown to on_error; without on_error
  /// it calls std::terminate. Must not be called inside (asserted).
  ~task_scope();

  /// Runs f(token) as a child. Returns false once the scope is
  /// cancelled; `f` is then destroyed and nothing was started. Throws
  /// std::system_error if no thread can start, std::bad_alloc, and
  /// whatever moving `f` throws; nothing has changed then. Does not
  /// wait for a child. The threads of ended children do not accumulate,
  /// even while a join waits.
  template <typename F>
  [[nodiscard]] bool spawn(F f, call_site where = call_site::current());

  /// Requests a stop of all children. Does not wait for them.
  /// Idempotent.
  void cancel();

  /// Blocks until all children have ended and their captures are
  /// destroyed. Then rethrows the first exception of a child, once.
  /// Does not cancel. Called inside, it throws std::system_error with
  /// resource_deadlock_would_occur. Does not poll.
  void join();

  /// Like join, but returns false if a child still runs `limit` from
  /// now; an exception is then kept for the next join. A limit beyond
  /// the clock's range means no limit.
  [[nodiscard]] bool join_for(std::chrono::nanoseconds limit);

  /// The children that have not ended, in the order of their spawn.
  /// Does not wait for them. O(children), with one file read for each.
  [[nodiscard]] std::vector<running_child> still_running();

  /// The token that every child receives.
  [[nodiscard]] std::stop_token token() const;

 private:
  struct child {
    call_site spawned;
    pid_t id = 0;  // of its thread; 0 before that starts
    std::thread thread = {};
  };
  using child_list = std::list<child>;

  template <typename F>
  void run(std::unique_ptr<F> f, child_list::iterator self) noexcept;
  void fail(std::exception_ptr error);
  std::exception_ptr wait_for_children();
  std::exception_ptr finish(std::unique_lock<std::mutex>& lock);

  const std::function<void(std::exception_ptr)> on_error_;
  const scope_nesting nesting_;
  std::stop_source source_;

  // mutex_ guards every field of this block.
  std::mutex mutex_;
  std::condition_variable none_runs_;  // running_ is empty
  child_list running_;
  std::thread last_ended_;  // see (I2)
  // TODO(5.7): the first exception of a child.

  scope_limits limits_;  // last: it may cancel until it is destroyed
};

// ---- Implementation: children ----------------------------------

inline task_scope::task_scope(task_scope_options options)
    : on_error_(std::move(options.on_error)),
      limits_(options.deadline, std::move(options.outer), source_) {}

inline task_scope::~task_scope() {
  assert(!nesting_.inside() && "task_scope: destroyed by its own child");
  // TODO(5.6): what must happen before the fields are destroyed?
  // TODO(5.7): who handles an exception now?
}

template <typename F>
bool task_scope::spawn(F f, call_site where) {
  // TODO(5.6): unless cancelled, put the child into running_ and
  // start its thread, which calls run(f, its place in running_).
  return todo<bool>("5.6", f, where);
}

// What the thread of the child `self` does.
template <typename F>
void task_scope::run(std::unique_ptr<F> f,
                     child_list::iterator self) noexcept {
  nesting_.enter();
  {
    std::scoped_lock lock(mutex_);
    self->id = ::gettid();
  }
  try {
    const auto own = std::move(f);  // destroyed before (I1) ends
    (*own)(source_.get_token());
  } catch (...) {
    fail(std::current_exception());
  }
  // TODO(5.6): leave running_, and join the child that ended
  // before this one: (I2).
  todo("5.6", self);
}

// Handles what a child has thrown.
inline void task_scope::fail(
    [[maybe_unused]] std::exception_ptr error) {
  // TODO(5.7): which one is kept, and who else has to end?
  todo("5.7");
}

inline void task_scope::cancel() {
  // TODO(5.6): one line; with which lock?
  todo("5.6");
}

inline std::stop_token task_scope::token() const {
  return source_.get_token();
}

// ---- Implementation: joining -----------------------------------

inline void task_scope::join() {
  // TODO(5.7): which caller would wait for itself?
  const auto error = todo<std::exception_ptr>("5.6");
  // TODO(5.7): and if a child has failed?
  if (error) {
    todo("5.7");
  }
}

inline bool task_scope::join_for(std::chrono::nanoseconds limit) {
  return todo<bool>("5.8", limit);
}

// Blocks until no child runs. Returns the error that no join has
// rethrown; the caller is responsible for it from then on.
inline std::exception_ptr task_scope::wait_for_children() {
  // TODO(5.6): when no child runs, finish(lock).
  return todo<std::exception_ptr>("5.6");
}

// Takes the error, and joins the last thread. The caller holds `lock`
// on mutex_, and no child runs; the lock is released.
inline std::exception_ptr task_scope::finish(
    std::unique_lock<std::mutex>& lock) {
  std::exception_ptr error;
  // TODO(5.7): once, and never again.
  // TODO(5.6): what is left to join, and with which lock? (I2)
  todo("5.6", lock);
  return error;
}

inline std::vector<running_child> task_scope::still_running() {
  return todo<std::vector<running_child>>("5.8");
}

}  // namespace workbook
