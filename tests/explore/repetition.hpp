// One run of a scenario on real threads, in a process of its own.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>

namespace explore {

/// What a repetition leaves behind, in memory that it shares with the
/// test's process.
struct notes {
  std::atomic<bool> taken = false;  // by the first that failed
  std::array<char, 512> promise{};
  std::array<char, 16> unwritten{};
  // What only the explorer knows, and some thread has asked for: a
  // literal, which is the same in both processes.
  std::atomic<const char*> guessed = nullptr;
  std::array<char, 256> file{};
  int line = 0;
  std::array<char, 4096> failure{};
};

/// Shortens `text` to what there is room for; null counts as empty.
template <std::size_t size>
void keep(std::array<char, size>& in, const char* text) {
  std::snprintf(in.data(), size, "%s", text == nullptr ? "" : text);
}

/// What a repetition wrote to its standard error, and how it ended.
struct repetition {
  int status = 0;  // as waitpid() gives it
  std::string said;

  /// Whether it ended in leave().
  [[nodiscard]] bool noted() const;
  [[nodiscard]] bool clean() const;

  /// The sanitizer's word, shortened; or what ended the process.
  [[nodiscard]] std::string complaint() const;
};

/// Forks, calls `body` there, and waits until that process has ended.
/// One that returns is left by exit(), so its leaks are looked for.
repetition repeat_once(const std::function<void()>& body);

/// In a repetition: ends it under the threads that still run, because
/// an expectation failed or a step is not written.
[[noreturn]] void leave();

}  // namespace explore
