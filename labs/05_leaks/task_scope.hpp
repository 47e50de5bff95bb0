// A scope for threads: what is spawned in it has ended when it ends.
//
// Book: chapter 5, "Leaks". Document: 002, what its cure lacks.
// Model: the nurseries of Trio (N. J. Smith, 2018); Java's
// StructuredTaskScope.
//
// Invariants (each holds whenever mutex_ is free):
//   (I1) A child is in running_ from its spawn until its function has
//        returned or thrown, and what it captured is destroyed; then
//        in ended_, until its thread is joined.
//   (I2) Once cancelled_at_ is set it stays set, and from then on no
//        child is spawned.
//   (I3) first_error_ is the first exception of a child that join has
//        not rethrown. While there is one, the scope is cancelled.
// And at all times:
//   (I4) No code of the callers runs while mutex_ is held.
//   (I5) A scope waits for its own children only: what they wait for,
//        they wait for with the token.

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "call_place.hpp"
#include "channel.hpp"
#include "grading/todo.hpp"
#include "task_scope_options.hpp"
#include "thread_facts.hpp"

namespace workbook {

/// task_scope runs children on threads of their own, and outlives them
/// all. It is cancelled by cancel(), by the first child that throws, by
/// its deadline, by its outer token and by its destructor; then the
/// children's token is asked to stop, which wakes those who wait with
/// it, on a channel for example.
///
/// Thread safety: any member may be called from any thread, also from a
/// child where that is not excluded; only the destructor requires that
/// nobody else is in a call. A scope that a child makes must end before
/// that child does. "Inside" means: in a child of this scope, or of a
/// scope that such a child has made. Document: 002.
class task_scope {
 public:
  using clock = std::chrono::steady_clock;

  /// An open scope without children; cancelled at once if the deadline
  /// has passed, or the outer stop was requested. Throws
  /// std::system_error if there is a deadline and no thread left.
  explicit task_scope(task_scope_options options = {});

  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  /// Cancels, and blocks until all children have ended. An exception
  /// that join has not rethrown goes to on_error, else the program ends
  /// (std::terminate). Must not be destroyed inside (asserted).
  ~task_scope();

  /// Runs f(token) as a child. False once the scope is cancelled; `f`
  /// is then destroyed and nothing was started. Throws
  /// std::system_error if the system has no thread left, what moving
  /// `f` throws, and std::bad_alloc; nothing has changed then. Does not
  /// wait for any child. Threads of children that have ended are not
  /// kept until join: the next spawn frees them.
  template <typename F>
  [[nodiscard]] bool spawn(F f,
                           call_place where = call_place::current());

  /// Asks all children to stop. Does not wait for them. Idempotent.
  void cancel();

  /// Blocks until all children have ended and what they captured is
  /// destroyed; then rethrows the first exception of a child, if any,
  /// once. Does not cancel: who waits for children that wait for ever
  /// cancels first. Called inside, throws std::system_error,
  /// resource_deadlock_would_occur. A child that has not ended when
  /// `patience` has passed since the cancellation is told to on_late,
  /// by the thread that waits, here or in the destructor; it goes on
  /// waiting.
  void join();

  /// What the children get; for others who want to end with them.
  [[nodiscard]] std::stop_token token() const;

 private:
  struct child {
    call_place spawned;
    pid_t id = 0;  // of its thread, once that runs
    std::thread thread = {};
  };
  using child_list = std::list<child>;

  // What the outer token calls.
  struct canceller {
    task_scope* scope;
    void operator()() const { scope->cancel(); }
  };

  template <typename F>
  void run(std::unique_ptr<F> f, child_list::iterator self) noexcept;
  void fail(std::exception_ptr error);
  void free_ended();
  std::exception_ptr wait_for_children();
  std::exception_ptr take_error();
  void wait_once(std::unique_lock<std::mutex>& lock);
  clock::time_point late_from() const;
  void tell_late(std::unique_lock<std::mutex>& lock);
  bool inside() const;

  const task_scope_options options_;
  const task_scope* const maker_ = innermost_;  // whose child made it
  std::stop_source source_;

  // joining_ is held by the one caller that joins threads; it is taken
  // before mutex_.
  std::mutex joining_;

  // mutex_ guards every field of this block.
  std::mutex mutex_;
  std::condition_variable changed_;  // running_, or cancelled_at_
  child_list running_;
  child_list ended_;  // but their threads are not joined
  std::optional<clock::time_point> cancelled_at_;
  // TODO(5.7): the first error; whether the late ones were told.

  // Last, as they call cancel(): they end before the fields above.
  channel<bool> cancelled_;  // closed by cancel()
  std::jthread watch_;       // if there is a deadline
  std::optional<std::stop_callback<canceller>> follows_;

  // The scope whose child the calling thread is, or null.
  static inline thread_local const task_scope* innermost_ = nullptr;
};

// ---- Implementation: children ----------------------------------

inline task_scope::task_scope(task_scope_options options)
    : options_(std::move(options)) {
  // TODO(5.7): who cancels at the deadline, or with outer?
  if (options_.deadline || options_.outer.stop_possible()) {
    todo("5.7");
  }
}

inline task_scope::~task_scope() {
  assert(!inside() && "task_scope: destroyed by its own child");
  // TODO(5.6): what must have happened before the fields go?
  // TODO(5.7): who learns of an exception now?
}

template <typename F>
bool task_scope::spawn(F f, call_place where) {
  // TODO(5.6): who is let in? Count the child in, then start its
  // thread, which calls run(f, the child's place in running_).
  // If there is no thread left, f ends without the lock.
  return todo<bool>("5.6", f, where);
}

// What the thread of the child `self` does.
template <typename F>
void task_scope::run(std::unique_ptr<F> f,
                     child_list::iterator self) noexcept {
  innermost_ = this;
  {
    std::scoped_lock lock(mutex_);
    self->id = ::gettid();
  }
  try {
    const auto own = std::move(f);  // its end is the child's: (I1)
    (*own)(source_.get_token());
  } catch (...) {
    fail(std::current_exception());
  }
  // TODO(5.6): what has changed, and who waits for it? (I1)
  todo("5.6", self);
}

// Takes note of what a child has thrown.
inline void task_scope::fail(
    [[maybe_unused]] std::exception_ptr error) {
  // TODO(5.7): which one is kept, and who else has to end?
  todo("5.7");
}

inline void task_scope::cancel() {
  // TODO(5.6): note when, and tell the children; with which lock?
  todo("5.6");
}

inline std::stop_token task_scope::token() const {
  return source_.get_token();
}

// ---- Implementation: joining -----------------------------------

inline void task_scope::join() {
  // TODO(5.7): whose call would wait for itself?
  // TODO(5.6): wait_for_children() does it, once it is written.
  const auto error = todo<std::exception_ptr>("5.6");
  // TODO(5.7): and if a child has failed?
  if (error) {
    todo("5.7");
  }
}

// Frees the threads of children that have ended, if nobody else is at
// it. They are past their last lock: nothing is waited for but the end
// of the thread.
inline void task_scope::free_ended() {
  // TODO(5.6): a scope that lives long keeps no dead threads.
}

// Blocks until no child runs, joins all threads, and returns the error
// that is not yet rethrown, which is the caller's from now on.
inline std::exception_ptr task_scope::wait_for_children() {
  // TODO(5.6): as long as there are children, wait_once(lock);
  // then take_error(), and join those that have ended.
  return todo<std::exception_ptr>("5.6");
}

// The error that is not yet rethrown. The caller holds mutex_.
inline std::exception_ptr task_scope::take_error() {
  return nullptr;  // TODO(5.7): once, and never again
}

// Sleeps until something changes, or the children are late.
inline void task_scope::wait_once(std::unique_lock<std::mutex>& lock) {
  // TODO(5.7): how long, and what if that was too long?
  changed_.wait(lock);
}

// When patience ends, after the cancellation.
inline auto task_scope::late_from() const -> clock::time_point {
  const clock::time_point end = clock::time_point::max();
  return options_.patience > end - *cancelled_at_
             ? end
             : *cancelled_at_ + options_.patience;
}

// Tells every child that still runs. The lock is free meanwhile: (I4).
inline void task_scope::tell_late(
    [[maybe_unused]] std::unique_lock<std::mutex>& lock) {
  // TODO(5.7): collect them under the lock; tell without it.
}

// Whether the calling thread is what "inside" means.
inline bool task_scope::inside() const {
  for (const task_scope* each = innermost_; each != nullptr;
       each = each->maker_) {
    if (each == this) {
      return true;
    }
  }
  return false;
}

}  // namespace workbook
