// A correct guard with a POSIX semaphore: a handler may call sem_post.

#pragma once

#include <semaphore.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <stop_token>
#include <thread>

namespace workbook {

enum class guarded { interrupt, interrupt_and_terminate };

// The innermost guard of each signal, and how many handlers are on
// their way to one.
struct post_box {
  std::atomic<sem_t*> wakes = nullptr;
  std::atomic<std::atomic<int>*> signal = nullptr;
};
inline post_box boxes[2];
inline std::atomic<int> posting = 0;

inline post_box& box_of(int signal) {
  return boxes[signal == SIGINT ? 0 : 1];
}

inline void post(int signal) {
  const int kept = errno;
  posting.fetch_add(1);
  sem_t* const wakes = box_of(signal).wakes;
  std::atomic<int>* const which = box_of(signal).signal;
  if (wakes != nullptr && which != nullptr) {
    which->store(signal);
    sem_post(wakes);
  } else {
    std::raise(signal);
  }
  posting.fetch_sub(1);
  errno = kept;
}

class interrupt_guard {
 public:
  explicit interrupt_guard(guarded signals = guarded::interrupt,
                           std::stop_source source = {})
      : source_(std::move(source)) {
    sem_init(&wakes_, 0, 0);
    // If this throws, nothing needs care: a semaphore owns nothing.
    watcher_ = std::thread([this] { watch(); });
    arm(SIGINT, outer_[0], before_[0]);
    both_ = signals == guarded::interrupt_and_terminate;
    if (both_) {
      arm(SIGTERM, outer_[1], before_[1]);
    }
  }
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;
  ~interrupt_guard() {
    disarm(SIGINT, outer_[0], before_[0]);
    if (both_) {
      disarm(SIGTERM, outer_[1], before_[1]);
    }
    while (posting.load() > 0) {
      std::this_thread::yield();
    }
    closing_ = true;
    sem_post(&wakes_);
    watcher_.join();
    sem_destroy(&wakes_);
  }

  std::stop_token token() const noexcept { return source_.get_token(); }
  int received() const noexcept { return seen_; }

 private:
  struct box_before {
    sem_t* wakes = nullptr;
    std::atomic<int>* signal = nullptr;
  };

  void arm(int signal, box_before& outer, struct sigaction& before) {
    outer.signal = box_of(signal).signal.exchange(&came_);
    outer.wakes = box_of(signal).wakes.exchange(&wakes_);
    struct sigaction action = {};
    action.sa_handler = post;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigfillset(&action.sa_mask);
    sigaction(signal, &action, &before);
  }

  static void disarm(int signal, const box_before& outer,
                     const struct sigaction& before) {
    sigaction(signal, &before, nullptr);
    box_of(signal).wakes = outer.wakes;
    box_of(signal).signal = outer.signal;
  }

  void watch() {
    for (;;) {
      while (sem_wait(&wakes_) != 0) {
      }
      if (const int signal = came_.exchange(0)) {
        seen_ = signal;
        source_.request_stop();
      }
      if (closing_ && came_ == 0) {
        return;
      }
    }
  }

  std::stop_source source_;
  sem_t wakes_;
  std::atomic<int> came_ = 0;
  std::atomic<int> seen_ = 0;
  std::atomic<bool> closing_ = false;
  bool both_ = false;
  box_before outer_[2];
  struct sigaction before_[2] = {};
  std::thread watcher_;
};

}  // namespace workbook
