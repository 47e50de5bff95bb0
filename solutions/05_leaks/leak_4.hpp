// A log whose callers do not wait for the writing.
//
// Book: chapter 5, "Leaks", step 5.4.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "channel.hpp"

namespace workbook {

/// background_log calls `write` for every line, in order, on a thread
/// of its own. `write` must not throw. Thread safety: note() may be
/// called from any thread; the destructor requires that no other call
/// is in progress.
class background_log {
 public:
  explicit background_log(std::function<void(const std::string&)> write)
      : write_(std::move(write)) {
    // [5.4 start]
    //@ std::thread([this] {
    //@   while (const auto line = lines_.receive()) {
    //@     write_(*line);
    //@   }
    //@ }).detach();
    writer_ = std::thread([this] {
      while (const auto line = lines_.receive()) {
        write_(*line);
      }
    });
    // [5.4 start]
  }

  background_log(const background_log&) = delete;
  background_log& operator=(const background_log&) = delete;

  /// Blocks until every noted line is written and the log's thread has
  /// ended.
  ~background_log() {
    // [5.4 end]
    //@ lines_.close();
    lines_.close();
    writer_.join();
    // [5.4 end]
  }

  /// Adds a line. Blocks only while 16 lines wait to be written.
  void note(std::string line) { (void)lines_.send(std::move(line)); }

 private:
  std::function<void(const std::string&)> write_;
  channel<std::string> lines_{16};
  // [5.4 field]
  //@
  std::thread writer_;
  // [5.4 field]
};

}  // namespace workbook
