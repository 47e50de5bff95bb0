// A process that the program starts, and everything that it starts.
//
// Invariants:
//   (I1) A child is the leader of a session of its own.
//   (I2) When the object dies, no process of that session is left, nor
//        one that left the session: it is a child of ours then, since
//        we adopt orphans, and we know those that we have started.
//
// So a program that uses this class starts processes by it alone.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace workbook {

/// What to start, where, and under which limits.
struct child_request {
  std::vector<std::string> command;
  std::filesystem::path folder;  // empty: where we are
  /// Set in addition to our own environment.
  std::vector<std::pair<std::string, std::string>> environment;
  /// RLIMIT_CPU of each process by itself, in seconds; 0 for none.
  unsigned cpu_seconds = 0;
  /// Whether addresses are the same in each run, as the real
  /// ThreadSanitizer of GCC 12 needs them on newer kernels.
  bool fixed_addresses = false;
  /// Whether WORKBOOK_CHANNEL names a pipe to us, and a word that
  /// nobody can guess. No other WORKBOOK_ variable of ours is handed on
  /// then, but what is in `environment`.
  bool has_channel = false;
};

class child {
 public:
  /// Starts the process with /dev/null as its input and one pipe for
  /// standard output and standard error. Throws problem if it cannot.
  explicit child(const child_request& wanted);
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  /// Kills and reaps what is left. Blocks until the child is reaped.
  ~child();

  [[nodiscard]] pid_t id() const { return id_; }

  // Read ends, not blocking; the channel is -1 if none was wanted.
  [[nodiscard]] int output() const { return output_; }
  [[nodiscard]] int channel() const { return channel_; }
  /// What begins each line that the child itself has written there.
  [[nodiscard]] const std::string& word() const { return word_; }
  /// Readable once the child has ended; -1 where the system has none.
  [[nodiscard]] int ended() const { return ended_; }

  /// True once the child has ended; wait_status() is known from then.
  bool reap();
  [[nodiscard]] int wait_status() const { return wait_status_; }

  /// Kills the whole session. The child still has to be reaped.
  void kill_all() const;

 private:
  void kill_strays() const;

  std::string mark_;  // stands in the environment of all descendants
  std::string word_;
  pid_t id_ = -1;
  int output_ = -1;
  int channel_ = -1;
  int ended_ = -1;
  int wait_status_ = 0;
  bool reaped_ = false;
};

}  // namespace workbook
