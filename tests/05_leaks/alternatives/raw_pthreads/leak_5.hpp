// Correct: what the thread needs is apart from who owns the thread.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "channel.hpp"

namespace workbook {

class session {
 public:
  static std::shared_ptr<session> open(std::chrono::nanoseconds period,
                                       std::function<void()> beat) {
    return std::shared_ptr<session>(
        new session(period, std::move(beat)));
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() {
    state_->quiet.close();
    thread_.join();
  }

 private:
  struct state {
    std::function<void()> beat;
    channel<bool> quiet = channel<bool>();
  };

  session(std::chrono::nanoseconds period, std::function<void()> beat)
      : state_(std::make_shared<state>(std::move(beat))),
        thread_([own = state_, period] {
          while (own->quiet.receive_for(period).status ==
                 channel_status::timed_out) {
            own->beat();
          }
        }) {}

  std::shared_ptr<state> state_;
  std::thread thread_;
};

}  // namespace workbook
