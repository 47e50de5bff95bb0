// A session that sends a heartbeat at regular intervals.
//
// Book: chapter 5, "Leaks", step 5.5.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "channel.hpp"

namespace workbook {

/// session calls `beat` every `period`, on a thread of its own, until
/// its last holder releases it. That release destroys the session: it
/// blocks until a running `beat` has returned and the thread has ended.
/// `beat` must not throw and must not release a session. Thread safety:
/// as shared_ptr.
class session {
 public:
  static std::shared_ptr<session> open(std::chrono::nanoseconds period,
                                       std::function<void()> beat) {
    const std::shared_ptr<session> opened(new session(std::move(beat)));
    opened->timer_ = std::jthread(
        [self = opened, period](std::stop_token stop) {
          while (self->quiet_.receive_for(period, stop).status ==
                 channel_status::timed_out) {
            self->beat_();
          }
        });
    return opened;
  }

  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() = default;

 private:
  explicit session(std::function<void()> beat)
      : beat_(std::move(beat)) {}

  std::function<void()> beat_;
  channel<bool> quiet_;  // nobody sends: a sleep that can be cancelled
  std::jthread timer_;   // last: joined before the others are gone
};

}  // namespace workbook
