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
//@ #include "grading/todo.hpp"
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
  // [5.7 field]
  //@ // TODO(5.7): the first exception of a child.
  std::exception_ptr first_error_;  // see (I3)
  // [5.7 field]

  scope_limits limits_;  // last: it may cancel until it is destroyed
};

// ---- Implementation: children ----------------------------------

inline task_scope::task_scope(task_scope_options options)
    : on_error_(std::move(options.on_error)),
      limits_(options.deadline, std::move(options.outer), source_) {}

inline task_scope::~task_scope() {
  assert(!nesting_.inside() && "task_scope: destroyed by its own child");
  // [5.6 destructor]
  //@ // TODO(5.6): what must happen before the fields are destroyed?
  cancel();
  [[maybe_unused]] const auto error = wait_for_children();
  // [5.6 destructor]
  // [5.7 unclaimed]
  //@ // TODO(5.7): who handles an exception now?
  if (error && on_error_) {
    on_error_(error);
  } else if (error) {
    std::rethrow_exception(error);  // noexcept: std::terminate
  }
  // [5.7 unclaimed]
}

template <typename F>
bool task_scope::spawn(F f, call_site where) {
  // [5.6 spawn]
  //@ // TODO(5.6): unless cancelled, put the child into running_ and
  //@ // start its thread, which calls run(f, its place in running_).
  //@ return todo<bool>("5.6", f, where);
  auto own = std::make_unique<F>(std::move(f));
  child_list one;
  one.push_back(child{.spawned = where});
  const child_list::iterator self = one.begin();
  std::scoped_lock lock(mutex_);  // the child's first lock waits
  if (source_.stop_requested()) {
    return false;  // (I5); f is destroyed after the unlock
  }
  self->thread = std::thread([this, self, f = own.get()] {
    run(std::unique_ptr<F>(f), self);
  });
  (void)own.release();  // the child owns it now
  running_.splice(running_.end(), one);
  return true;
  // [5.6 spawn]
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
  // [5.6 end]
  //@ // TODO(5.6): leave running_, and join the child that ended
  //@ // before this one: (I2).
  //@ todo("5.6", self);
  std::thread before;
  {
    std::scoped_lock lock(mutex_);
    before = std::exchange(last_ended_, std::move(self->thread));
    running_.erase(self);
    none_runs_.notify_all();
  }
  if (before.joinable()) {
    before.join();  // it holds no lock, and takes none
  }
  // [5.6 end]
}

// Handles what a child has thrown.
inline void task_scope::fail(
    [[maybe_unused]] std::exception_ptr error) {
  // [5.7 fail]
  //@ // TODO(5.7): which one is kept, and who else has to end?
  //@ todo("5.7");
  {
    std::scoped_lock lock(mutex_);
    if (!first_error_) {
      first_error_ = std::move(error);
    }
  }
  cancel();
  // [5.7 fail]
}

inline void task_scope::cancel() {
  // [5.6 cancel]
  //@ // TODO(5.6): one line; with which lock?
  //@ todo("5.6");
  source_.request_stop();  // runs callbacks: no lock, (I4)
  // [5.6 cancel]
}

inline std::stop_token task_scope::token() const {
  return source_.get_token();
}

// ---- Implementation: joining -----------------------------------

inline void task_scope::join() {
  // [5.7 inside]
  //@ // TODO(5.7): which caller would wait for itself?
  nesting_.refuse_inside();
  // [5.7 inside]
  // [5.6 join]
  //@ const auto error = todo<std::exception_ptr>("5.6");
  const std::exception_ptr error = wait_for_children();
  // [5.6 join]
  // [5.7 rethrow]
  //@ // TODO(5.7): and if a child has failed?
  //@ if (error) {
  //@   todo("5.7");
  //@ }
  if (error) {
    std::rethrow_exception(error);
  }
  // [5.7 rethrow]
}

inline bool task_scope::join_for(std::chrono::nanoseconds limit) {
  // [5.8 join_for]
  //@ return todo<bool>("5.8", limit);
  nesting_.refuse_inside();
  const clock::time_point now = clock::now();
  const clock::time_point last = clock::time_point::max();
  std::unique_lock lock(mutex_);
  if (!none_runs_.wait_until(
          lock, limit > last - now ? last : now + limit,
          [this] { return running_.empty(); })) {
    return false;
  }
  if (const std::exception_ptr error = finish(lock)) {
    std::rethrow_exception(error);
  }
  return true;
  // [5.8 join_for]
}

// Blocks until no child runs. Returns the error that no join has
// rethrown; the caller is responsible for it from then on.
inline std::exception_ptr task_scope::wait_for_children() {
  // [5.6 wait]
  //@ // TODO(5.6): when no child runs, finish(lock).
  //@ return todo<std::exception_ptr>("5.6");
  std::unique_lock lock(mutex_);
  none_runs_.wait(lock, [this] { return running_.empty(); });
  return finish(lock);
  // [5.6 wait]
}

// Takes the error, and joins the last thread. The caller holds `lock`
// on mutex_, and no child runs; the lock is released.
inline std::exception_ptr task_scope::finish(
    std::unique_lock<std::mutex>& lock) {
  std::exception_ptr error;
  // [5.7 take error]
  //@ // TODO(5.7): once, and never again.
  error = std::exchange(first_error_, nullptr);
  // [5.7 take error]
  // [5.6 finish]
  //@ // TODO(5.6): what is left to join, and with which lock? (I2)
  //@ todo("5.6", lock);
  std::thread last = std::move(last_ended_);
  lock.unlock();
  if (last.joinable()) {
    last.join();
  }
  // [5.6 finish]
  return error;
}

inline std::vector<running_child> task_scope::still_running() {
  // [5.8 still_running]
  //@ return todo<std::vector<running_child>>("5.8");
  std::scoped_lock lock(mutex_);  // so no child ends meanwhile
  std::vector<running_child> found;
  for (const child& each : running_) {
    found.push_back({each.spawned, waits_in(each.id)});
  }
  return found;
  // [5.8 still_running]
}

}  // namespace workbook
