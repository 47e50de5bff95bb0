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

//@ #include "grading/todo.hpp"

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
  // [2.5 fields]
  //@ // TODO(2.5): the pipe, the thread that reads it, and what to
  //@ // give back.
  std::array<int, 2> pipe_ = {-1, -1};  // to read, to write
  std::vector<taken> taken_;
  std::thread watcher_;
  // [2.5 fields]
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
  // [2.5 handler]
  //@ // TODO(2.5): report to the watcher which signal came.
  const int error = errno;  // not ours: some call is interrupted
  ++interrupt_handlers;
  const int to = target_of(signal);
  if (to != -1) {
    const auto byte = static_cast<unsigned char>(signal);
    [[maybe_unused]] const auto written = ::write(to, &byte, 1);
  }
  --interrupt_handlers;
  if (to == -1) {  // the last guard has gone: pass the signal on
    ::raise(signal);
  }
  errno = error;
  // [2.5 handler]
}

inline interrupt_guard::interrupt_guard(
    [[maybe_unused]] guarded signals, std::stop_source source)
    : source_(std::move(source)) {
  // [2.5 constructor]
  //@ // TODO(2.5): whatever can fail first, the signals last.
  //@ todo("2.5");
  taken_.reserve(2);
  open_pipe();
  try {
    watcher_ = std::thread([this] { watch(); });
  } catch (...) {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
    throw;
  }
  take(SIGINT);
  if (signals == guarded::interrupt_and_terminate) {
    take(SIGTERM);
  }
  // [2.5 constructor]
}

inline interrupt_guard::~interrupt_guard() {
  // [2.5 destructor]
  //@ // TODO(2.5): give back what was taken, then end the watcher.
  give_back();
  const unsigned char end = 0;  // no signal has this number
  while (::write(pipe_[1], &end, 1) == -1 && errno == EINTR) {
  }
  watcher_.join();
  ::close(pipe_[0]);
  ::close(pipe_[1]);
  // [2.5 destructor]
}

// Throws std::system_error if there is no descriptor left.
inline void interrupt_guard::open_pipe() {
  // [2.5 open pipe]
  //@ todo("2.5");
  if (::pipe2(pipe_.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "interrupt_guard: pipe");
  }
  // [2.5 open pipe]
}

// Installs the handler, for one occurrence, and remembers what was.
inline void interrupt_guard::take([[maybe_unused]] int signal) {
  // [2.5 take]
  //@ // TODO(2.5): which flag makes the second one fatal?
  //@ todo("2.5");
  struct sigaction action = {};
  action.sa_handler = workbook_on_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  const int outer = target_of(signal).exchange(pipe_[1]);
  taken_.push_back({signal, {}, outer});
  ::sigaction(signal, &action, &taken_.back().before);
  // [2.5 take]
}

// The signals go where they went before; when this returns, no handler
// uses our pipe: (I4).
inline void interrupt_guard::give_back() {
  // [2.5 give back]
  //@ todo("2.5");
  for (const taken& each : taken_) {
    ::sigaction(each.signal, &each.before, nullptr);
    target_of(each.signal) = each.outer;
  }
  while (interrupt_handlers != 0) {
    std::this_thread::yield();
  }
  // [2.5 give back]
}

// What the watcher does: requests the stop, on an ordinary thread.
inline void interrupt_guard::watch() {
  // [2.5 watch]
  //@ todo("2.5");
  for (;;) {
    unsigned char byte = 0;
    if (::read(pipe_[0], &byte, 1) != 1) {
      continue;  // EINTR: nobody closes the pipe while we read
    }
    if (byte == 0) {
      return;
    }
    received_ = byte;
    source_.request_stop();
  }
  // [2.5 watch]
}

}  // namespace workbook
