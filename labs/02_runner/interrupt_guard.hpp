// Ctrl-C as a stop request, for as long as a guard lives.
//
// Book: chapter 2, "Runner". Document: 001, whose runner captures the
// interrupt and gives it back on one of its three paths.
// Model: the self-pipe of D. J. Bernstein; signal-safety(7).
//
// Invariants (each holds whenever no constructor and no destructor of
// a guard is in progress):
//   (I1) target_of(signal) is the pipe of the innermost guard that
//        takes the signal; -1 if none does.
//   (I2) Without a guard, the actions of the signals are those from
//        before the first guard.
// And at all times:
//   (I3) The handler calls nothing but write and raise, which are
//        async-signal-safe, and touches nothing but lock-free atomics.
//   (I4) No handler is about to write to a pipe that is closed.

#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "grading/todo.hpp"

namespace workbook {

/// Which signals a guard takes.
enum class guarded {
  interrupt,               // SIGINT: Ctrl-C
  interrupt_and_terminate  // SIGTERM too: what kill(1) sends
};

/// While an interrupt_guard lives, its signals request a stop on its
/// source instead of ending the process. Each signal does so once: the
/// second Ctrl-C gets the default action, and ends a process that does
/// not heed the first. Of nested guards the innermost receives.
///
/// The stop is requested by a thread of the guard's own, never by the
/// signal handler: request_stop is not async-signal-safe.
///
/// Thread safety: guards are created and destroyed in the order of
/// their nesting, by one thread at a time; the other members may be
/// called from any thread. Document: 001, runner.
class interrupt_guard {
 public:
  /// Takes the signals; `source` may be shared with others. Throws
  /// std::system_error if the system has no descriptor or no thread
  /// left, and has then changed nothing.
  explicit interrupt_guard(guarded signals = guarded::interrupt,
                           std::stop_source source = {});

  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;

  /// Restores the action that each signal had before the guard. A
  /// signal that came before still requests its stop; blocks until
  /// that is done. A signal whose handler has begun on another thread
  /// but not reached the guard yet is not lost: it gets the restored
  /// action. Must not be called by a stop callback.
  ~interrupt_guard();

  /// The token on which the guard's signals request a stop.
  std::stop_token token() const noexcept { return source_.get_token(); }

  /// Which signal came, SIGINT or SIGTERM (if both: one); 0: none.
  int received() const noexcept { return received_; }

 private:
  void open_pipe();
  void take(int signal);
  void give_back();
  void watch();

  struct taken {
    int signal;
    struct sigaction before;  // the action to give back
    int outer;                // the pipe to give back, or -1
  };

  std::stop_source source_;
  std::atomic<int> received_ = 0;
  // TODO(2.5): the pipe, the thread that reads it, and what to
  // give back.
};

// ---- Implementation --------------------------------------------

// What the handler may touch. The handler counts itself in before it
// reads the target; a destructor changes the target before it waits
// for the count. So either the handler sees the new target, or the
// destructor sees the handler.
inline std::atomic<int> interrupt_target = -1;
inline std::atomic<int> terminate_target = -1;
inline std::atomic<int> interrupt_handlers = 0;
static_assert(std::atomic<int>::is_always_lock_free);

inline std::atomic<int>& target_of(int signal) {
  return signal == SIGINT ? interrupt_target : terminate_target;
}

extern "C" inline void workbook_on_interrupt(
    [[maybe_unused]] int signal) {
  // TODO(2.5): report to the watcher which signal came.
}

inline interrupt_guard::interrupt_guard(
    [[maybe_unused]] guarded signals, std::stop_source source)
    : source_(std::move(source)) {
  // TODO(2.5): whatever can fail first, the signals last.
  todo("2.5");
}

inline interrupt_guard::~interrupt_guard() {
  // TODO(2.5): give back what was taken, then end the watcher.
}

// Throws std::system_error if there is no descriptor left.
inline void interrupt_guard::open_pipe() {
  todo("2.5");
}

// Installs the handler, for one occurrence, and remembers what was.
inline void interrupt_guard::take([[maybe_unused]] int signal) {
  // TODO(2.5): which flag makes the second one fatal?
  todo("2.5");
}

// The signals go where they went before; when this returns, no handler
// uses our pipe: (I4).
inline void interrupt_guard::give_back() {
  todo("2.5");
}

// What the watcher does: requests the stop, on an ordinary thread.
inline void interrupt_guard::watch() {
  todo("2.5");
}

}  // namespace workbook
