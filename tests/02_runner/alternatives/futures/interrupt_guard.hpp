// A correct guard with an eventfd, whose counter holds one bit field
// for each signal; the watcher is a std::async.

#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <future>
#include <memory>
#include <stop_token>
#include <system_error>
#include <utility>

namespace workbook {

enum class guarded { interrupt, interrupt_and_terminate };

// The innermost counter of each signal, and who is on the way to it.
struct door {
  std::atomic<int> leads_to = -1;
  std::atomic<int> inside = 0;
};
inline door interrupt_door;
inline door terminate_door;

inline door& door_of(int signal) {
  return signal == SIGTERM ? terminate_door : interrupt_door;
}

class interrupt_guard {
 public:
  explicit interrupt_guard(guarded signals = guarded::interrupt,
                           std::stop_source source = {})
      : source_(std::move(source)),
        counter_(::eventfd(0, EFD_CLOEXEC)) {
    if (counter_.number == -1) {
      throw std::system_error(errno, std::generic_category());
    }
    watcher_ = std::async(std::launch::async, [this] { watch(); });
    interrupt_ = std::make_unique<taken>(SIGINT, counter_.number);
    if (signals == guarded::interrupt_and_terminate) {
      terminate_ = std::make_unique<taken>(SIGTERM, counter_.number);
    }
  }
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;
  ~interrupt_guard() {
    terminate_.reset();
    interrupt_.reset();
    add(counter_.number, the_end);
    watcher_.wait();
    watcher_ = {};
  }

  std::stop_token token() const noexcept { return source_.get_token(); }
  int received() const noexcept { return received_; }

 private:
  // What is added to the counter, by whom.
  static constexpr std::uint64_t one_interrupt = 1;
  static constexpr std::uint64_t one_terminate = 1U << 16U;
  static constexpr std::uint64_t the_end = std::uint64_t{1} << 32U;

  struct descriptor {
    explicit descriptor(int of) : number(of) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
      if (number != -1) {
        ::close(number);
      }
    }
    const int number;
  };

  static void add(int to, std::uint64_t what) {
    [[maybe_unused]] const auto done = ::write(to, &what, sizeof what);
  }

  static void on_signal(int signal) {
    const int kept = errno;
    door& through = door_of(signal);
    ++through.inside;
    if (const int to = through.leads_to; to >= 0) {
      add(to, signal == SIGTERM ? one_terminate : one_interrupt);
    } else {
      ::raise(signal);  // delivered when this handler returns
    }
    --through.inside;
    errno = kept;
  }

  struct taken {
    taken(int which, int to)
        : signal(which), outer(door_of(which).leads_to.exchange(to)) {
      struct sigaction action = {};
      action.sa_handler = on_signal;
      action.sa_flags = static_cast<int>(SA_RESETHAND);
      ::sigaction(signal, &action, &before);
    }
    taken(const taken&) = delete;
    taken& operator=(const taken&) = delete;
    ~taken() {
      ::sigaction(signal, &before, nullptr);
      door_of(signal).leads_to = outer;
      while (door_of(signal).inside > 0) {
      }
    }
    const int signal;
    const int outer;
    struct sigaction before = {};
  };

  void watch() {
    for (std::uint64_t sum = 0; sum < the_end;) {
      if (::read(counter_.number, &sum, sizeof sum) != sizeof sum) {
        sum = 0;
        continue;
      }
      if ((sum & 0xffffU) != 0) {
        received_ = SIGINT;
        source_.request_stop();
      } else if ((sum & 0xffff'0000U) != 0) {
        received_ = SIGTERM;
        source_.request_stop();
      }
    }
  }

  std::stop_source source_;
  std::atomic<int> received_ = 0;
  descriptor counter_;
  std::future<void> watcher_;
  std::unique_ptr<taken> interrupt_;
  std::unique_ptr<taken> terminate_;
};

}  // namespace workbook
