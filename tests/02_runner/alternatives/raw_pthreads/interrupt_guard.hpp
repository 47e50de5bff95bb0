// A correct guard with a pair of sockets and a thread of pthreads; the
// end is told by closing the writer's side.

#pragma once

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <stop_token>
#include <system_error>
#include <utility>

namespace workbook {

enum class guarded { interrupt, interrupt_and_terminate };

inline std::atomic<int> wire_of[NSIG];  // a socket plus 1; 0: none
inline std::atomic<int> on_the_wire;

extern "C" inline void raw_on_signal(int signal) {
  const int kept = errno;
  on_the_wire.fetch_add(1);
  if (const int wire = wire_of[signal].load(); wire != 0) {
    const char letter = static_cast<char>(signal);
    [[maybe_unused]] const auto sent =
        ::send(wire - 1, &letter, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  } else {
    pthread_kill(pthread_self(), signal);
  }
  on_the_wire.fetch_sub(1);
  errno = kept;
}

class interrupt_guard {
 public:
  explicit interrupt_guard(guarded signals = guarded::interrupt,
                           std::stop_source source = {})
      : source_(std::move(source)),
        count_(signals == guarded::interrupt ? 1 : 2) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_)) {
      throw std::system_error(errno, std::generic_category());
    }
    if (const int error =
            pthread_create(&reader_, nullptr, read_signals, this)) {
      ::close(ends_[0]);
      ::close(ends_[1]);
      throw std::system_error(error, std::generic_category());
    }
    for (int i = 0; i < count_; ++i) {
      outer_[i] = wire_of[taken[i]].exchange(ends_[1] + 1);
      struct sigaction action = {};
      action.sa_handler = raw_on_signal;
      action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
      ::sigaction(taken[i], &action, &before_[i]);
    }
  }
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;
  ~interrupt_guard() {
    for (int i = count_; i-- > 0;) {
      ::sigaction(taken[i], &before_[i], nullptr);
      wire_of[taken[i]] = outer_[i];
    }
    while (on_the_wire.load() != 0) {
      ::usleep(1);
    }
    ::shutdown(ends_[1], SHUT_WR);  // what was sent is read first
    pthread_join(reader_, nullptr);
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  std::stop_token token() const noexcept { return source_.get_token(); }
  int received() const noexcept { return received_; }

 private:
  static constexpr int taken[2] = {SIGINT, SIGTERM};

  static void* read_signals(void* of) {
    auto& guard = *static_cast<interrupt_guard*>(of);
    for (;;) {
      char letter = 0;
      const auto got = ::recv(guard.ends_[0], &letter, 1, 0);
      if (got == 0) {
        return nullptr;
      }
      if (got == 1) {
        guard.received_ = letter;
        guard.source_.request_stop();
      }
    }
  }

  std::stop_source source_;
  const int count_;
  std::atomic<int> received_ = 0;
  int ends_[2] = {};
  int outer_[2] = {};
  struct sigaction before_[2] = {};
  pthread_t reader_ = {};
};

}  // namespace workbook
