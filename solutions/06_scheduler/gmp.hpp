// Goroutines: what a program includes.
//
// Book: chapter 6, "A scheduler of your own". Document: 004.

#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "blocking.hpp"
#include "clock.hpp"
//@ #include "grading/todo.hpp"
#include "idling.hpp"
#include "limits.hpp"
#include "picking.hpp"
#include "running.hpp"
#include "scheduler.hpp"
#include "switching.hpp"

namespace workbook::gmp {

/// A goroutine that was started. Movable. It may be dropped: the
/// goroutine goes on, and nobody waits for it; an exception of it goes
/// to options::on_error then. Not to be used by two goroutines at once.
class handle {
 public:
  handle() = default;
  explicit handle(goroutine& g) : g_(&g) {}
  handle(handle&& other) noexcept
      : g_(std::exchange(other.g_, nullptr)) {}
  handle& operator=(handle&& other) noexcept {
    std::swap(g_, other.g_);
    return *this;
  }
  ~handle() {
    if (g_ != nullptr) {
      drop();
    }
  }

  /// Blocks the calling goroutine until this one has ended, then
  /// rethrows what it threw. At most once; joinable() is false then.
  void join();

  /// As join(), but returns false once `stop` is requested; the handle
  /// is as before then.
  [[nodiscard]] bool join(std::stop_token stop);

  /// Whether join may be called.
  [[nodiscard]] bool joinable() const { return g_ != nullptr; }

  /// Unique within the scheduler; 1 is main's.
  [[nodiscard]] std::uint64_t id() const { return g_->id; }

 private:
  bool wait(const limits& limit);
  void drop();
  void rethrow();

  goroutine* g_ = nullptr;
};

/// Starts f() as a goroutine, at the tail of the local run queue; the
/// caller goes on. A goroutine costs 128 bytes until it runs, and an
/// allocation if f has more than 40 bytes. If the local queue is full,
/// the caller first gives way to it, at the tail of the global queue:
/// so there are never many that have not started, and they stay in the
/// cache. (Go's go statement does not give way.) Throws
/// std::bad_alloc, and what moving f throws. Goroutines only.
template <typename F>
handle go(F&& f, spawn_place where = spawn_place::current());

/// As go(f), under a name for reports.
template <typename F>
handle go(std::string_view name, F&& f,
          spawn_place where = spawn_place::current());

/// Lets the others run that wait in the local queue, and then goes on.
void yield();

/// Names the calling goroutine in reports.
void set_name(std::string_view name);

/// The number of the calling goroutine; 0 if it is none.
inline std::uint64_t current_id() {
  const machine* const m = here();
  return m == nullptr || m->current->runs == nullptr
             ? 0
             : m->current->runs->id;
}

/// The name of the calling goroutine, or "".
inline std::string_view current_name() {
  const machine* const m = here();
  const char* const name = m == nullptr || m->current->runs == nullptr
                               ? nullptr
                               : m->current->runs->name;
  return name == nullptr ? "" : name;
}

// ---- Implementation ----------------------------------------------

// Names live as long as the process: there are few different ones.
inline const char* kept_name(std::string_view name) {
  static spin_lock lock;
  static std::set<std::string, std::less<>> all;
  std::scoped_lock held(lock);
  return all.emplace(name).first->c_str();
}

inline void set_name(std::string_view name) {
  runtime_call::self().name = kept_name(name);
}

// Puts a new goroutine where the next pick will find it.
inline void spawn(goroutine& g) {
  // [6.4 spawn]
  //@[6.2] processor& p = runtime_call::here_and_now();
  //@[6.2] p.home.global_.push(g);
  //@ todo("6.4", g);
  for (;;) {
    processor& p = runtime_call::here_and_now();
    p.note(event_kind::spawned, &g, current_id());
    constexpr auto most = processor::deque_spawns;
    if (p.unstarted ? p.unstarted->push(&g, most)
                    : p.queue.push(&g)) {
      p.home.work_is_there(p);
      return;
    }
    if (p.unstarted && p.unstarted->push(&runtime_call::self())) {
      machine& m = *here();  // the child first
      p.note(event_kind::yielded, m.current->runs);
      change_stack(m, p.stack_for(g));
      runtime_call::here_and_now().note(
          event_kind::resumed, &runtime_call::self());
      return;
    }
    give_way(event_kind::yielded);
  }
  // [6.4 spawn]
}

template <typename F>
handle go(F&& f, spawn_place where) {
  assert(here() != nullptr && "gmp::go: goroutines only");
  const runtime_call inside;
  processor& p = runtime_call::here_and_now();
  goroutine& g = p.make_goroutine();
  try {
    g.store(std::forward<F>(f));
  } catch (...) {
    p.recycle(g);
    throw;
  }
  g.started = where;
  handle started(g);
  spawn(g);
  return started;
}

template <typename F>
handle go(std::string_view name, F&& f, spawn_place where) {
  return go(
      [kept = kept_name(name), f = std::forward<F>(f)]() mutable {
        runtime_call::self().name = kept;
        f();
      },
      where);
}

inline void yield() {
  const runtime_call inside;
  // [6.3 yield]
  //@ todo("6.3");
  machine& m = *here();
  processor& p = m.own_processor();
  p.note(event_kind::yielded, m.current->runs);
  p.push(*m.current->runs);
  run_next(m, p);
  // [6.3 yield]
}

inline void handle::join() {
  (void)wait({});
  rethrow();
}

inline bool handle::join(std::stop_token stop) {
  if (!wait({.stop = std::move(stop)})) {
    return false;
  }
  rethrow();
  return true;
}

inline void handle::rethrow() {
  const std::exception_ptr failure =
      std::exchange(g_->failure, nullptr);
  drop();
  if (failure != nullptr) {
    std::rethrow_exception(failure);
  }
}

// Waits until g_ has ended; false if a limit was reached first.
inline bool handle::wait(const limits& limit) {
  const runtime_call inside;
  // [6.3 wait]
  //@ return todo<bool>("6.3", limit);
  goroutine& self = runtime_call::self();
  if (&self == g_) {
    throw std::logic_error(
        "gmp::handle::join: by the goroutine itself");
  }
  std::uintptr_t expected = goroutine::held;
  const auto waits = reinterpret_cast<std::uintptr_t>(&self);
  if (!g_->owner.compare_exchange_strong(expected, waits)) {
    return true;  // it has ended
  }
  if (!limit.stop.stop_possible()) {
    park(wait_reason::join, g_);
    return true;
  }
  self.home->stoppable_.fetch_add(1);
  {
    const auto on_stop = [&] {
      std::uintptr_t still = waits;
      constexpr auto held = goroutine::held;
      if (g_->owner.compare_exchange_strong(still, held)) {
        ready(self);
      }
    };
    const std::stop_callback follows(limit.stop, on_stop);
    park(wait_reason::join, g_);
  }
  self.home->stoppable_.fetch_sub(1);
  return g_->owner.load() == goroutine::ended;
  // [6.3 wait]
}

inline void handle::drop() {
  // [6.2 drop]
  //@ todo("6.2");
  goroutine& g = *std::exchange(g_, nullptr);
  if (g.owner.exchange(goroutine::dropped) != goroutine::ended) {
    return;  // it frees itself at its end
  }
  g.home->unjoined(std::exchange(g.failure, nullptr));
  const runtime_call inside;
  runtime_call::here_and_now().recycle(g);
  // [6.2 drop]
}

}  // namespace workbook::gmp
