// The pipe to the grader: one JSON object a line.
//
// With WORKBOOK_CHANNEL=<descriptor>:<nonce> in the environment, events
// go there, each line with the nonce in front: a number that the grader
// made for this one process and that the code under test is not given.
// Without it nobody listens, and the executable is a plain GoogleTest
// program for people to read.
//
// To send takes the channel that was opened; there is one, and it has
// no name outside of reporter.cpp.
//
// Book: appendix "How your work is graded".

#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace grading {

class channel {
 public:
  constexpr channel() = default;
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Takes descriptor and nonce over from `environment`, where both are
  /// gone afterwards: code that runs later does not know how to speak
  /// in the test's name. The descriptor is moved out of the way of a
  /// test that closes or reuses low ones, and programs that a test
  /// starts do not inherit it. Calls no function of the C library,
  /// since a program may have its own.
  void open(char** environment);

  /// Whether a grader listens to this very process. A process that a
  /// test has forked is not the test, whatever it returns from.
  [[nodiscard]] bool is_open() const;

  /// Whether the grader wants to see this test fail: its nonce ends in
  /// a +.
  [[nodiscard]] bool is_canary() const { return canary_; }

  /// Sends one event; nothing if !is_open(). Blocks while the pipe is
  /// full. Any thread may call it.
  void send(const nlohmann::json& event);

 private:
  [[nodiscard]] long write_some(const char* from,
                                std::size_t size) const;

  // Set by open().
  int descriptor_ = -1;
  pid_t owner_ = 0;
  bool canary_ = false;
  std::array<char, 64> nonce_{};

  std::mutex writing_;  // held while a line is written: lines are whole
};

}  // namespace grading
