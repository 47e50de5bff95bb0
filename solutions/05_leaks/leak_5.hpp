// A session that gives a sign of life at regular times.
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

/// session calls `beat` every `period`, on a thread of its own, as long
/// as somebody holds it. When the last shared_ptr of the holders is
/// gone, so is the session: `beat` is not called any more, and nothing
/// that the session started goes on. `beat` does not throw, and drops
/// no session. Thread safety: as shared_ptr.
class session {
 public:
  static std::shared_ptr<session> open(std::chrono::nanoseconds period,
                                       std::function<void()> beat) {
    const std::shared_ptr<session> opened(new session(std::move(beat)));
    // [5.5 open]
    //@ opened->timer_ = std::jthread(
    //@     [self = opened, period](std::stop_token stop) {
    //@       while (self->quiet_.receive_for(period, stop).status ==
    //@              channel_status::timed_out) {
    //@         self->beat_();
    //@       }
    //@     });
    opened->timer_ = std::jthread(
        [self = opened.get(), period](std::stop_token stop) {
          while (self->quiet_.receive_for(period, stop).status ==
                 channel_status::timed_out) {
            self->beat_();
          }
        });
    // [5.5 open]
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
  std::jthread timer_;   // ends and joins before what it uses is gone
};

}  // namespace workbook
