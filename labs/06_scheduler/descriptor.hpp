// A descriptor that goroutines read and write without holding a thread.
//
// Book: chapter 6, step 6.12. Model: Go's internal/poll.FD.

#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <stop_token>
#include <system_error>
#include <utility>

#include "gmp.hpp"
#include "grading/todo.hpp"
#include "limits.hpp"
#include "poller.hpp"

namespace workbook::gmp {

/// Owns an open descriptor: a socket, a pipe; not a regular file. One
/// goroutine may read while another writes. Goroutines only.
class descriptor {
 public:
  /// Takes `open` over and makes it non-blocking. Throws
  /// std::system_error if it cannot be waited for; it is then closed.
  explicit descriptor(int open) : number_(open) {
    try {
      ::fcntl(open, F_SETFL, ::fcntl(open, F_GETFL) | O_NONBLOCK);
      watched_ = &here()->home.descriptors().watch(open);
    } catch (...) {
      ::close(open);
      throw;
    }
  }
  descriptor(descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)),
        watched_(other.watched_) {}
  descriptor& operator=(descriptor&&) = delete;

  /// Closes it. Nobody may wait for it.
  ~descriptor() {
    if (number_ >= 0) {
      here()->home.descriptors().forget(number_, *watched_);
      ::close(number_);
    }
  }

  [[nodiscard]] int number() const { return number_; }

  /// Blocks the goroutine until there is something to read, or a stop
  /// is requested (false).
  bool wait_readable(std::stop_token stop = {}) {
    return wait(watched_->input, {.stop = std::move(stop)});
  }

  /// The same until there is room to write.
  bool wait_writable(std::stop_token stop = {}) {
    return wait(watched_->output, {.stop = std::move(stop)});
  }

  /// As read(2), but blocks the goroutine, not the thread. -1 and
  /// ECANCELED if a stop is requested first.
  ssize_t read(void* into, std::size_t size,
               std::stop_token stop = {}) {
    return repeat([&] { return ::read(number_, into, size); },
                  watched_->input, stop);
  }

  /// As write(2), in the same way: it may write less than `size`.
  ssize_t write(const void* from, std::size_t size,
                std::stop_token stop = {}) {
    return repeat([&] { return ::write(number_, from, size); },
                  watched_->output, stop);
  }

 private:
  template <typename Call>
  ssize_t repeat(Call call, watched::side& side,
                 const std::stop_token& stop) {
    for (;;) {
      const ssize_t done = call();
      if (done >= 0 || (errno != EAGAIN && errno != EINTR)) {
        return done;
      }
      if (!wait(side, {.stop = stop})) {
        errno = ECANCELED;
        return -1;
      }
    }
  }

  bool wait(watched::side& side, const limits& limit) {
    const runtime_call inside;
    return todo<bool>("6.12", side, limit);
  }

  int number_;
  watched* watched_ = nullptr;
};

}  // namespace workbook::gmp
