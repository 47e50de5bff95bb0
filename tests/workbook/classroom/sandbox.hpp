// What a program of a submission is run in.
//
// `full` is bubblewrap's namespaces (user, pid, network, ipc, uts,
// cgroup, mount), `reduced` is what is left where they are not available,
// as in most containers: another user if we are root, limits, and the
// system call filter. workbook_confine is part of both.
//
// Book: "The instructor's guide", section What contains a submission.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace workbook {

/// Which isolation is asked for: the best there is, or exactly one.
enum class isolation { best, full, reduced };

/// One run of one program.
struct confined_run {
  std::vector<std::filesystem::path> readable;  // besides the system
  std::vector<std::filesystem::path> hidden;    // folders, shown empty
  std::vector<std::filesystem::path> writable;
  std::filesystem::path folder;  // where it starts
  unsigned cpu_seconds = 100;    // of each process
  /// Of each process, as it maps them; 0: no limit. A scheduler may
  /// map more stacks than it uses.
  unsigned data_mebibytes = 0;
  unsigned file_mebibytes = 256;
  unsigned processes = 4096;  // and threads, of all that it starts
  bool canary = false;
};

class sandbox {
 public:
  /// Finds out what can be had here; starts a program to try it. Throws
  /// problem if `wanted` is not available, or if a program is missing.
  sandbox(std::filesystem::path confine, isolation wanted);
  sandbox(const sandbox&) = delete;
  sandbox& operator=(const sandbox&) = delete;
  ~sandbox();

  [[nodiscard]] bool full() const { return full_; }
  /// What is missing, in a sentence; empty if full().
  [[nodiscard]] const std::string& lacks() const { return lacks_; }
  /// The user whom programs run as; ours if we are not root.
  [[nodiscard]] unsigned user() const { return user_; }

  /// What is written before the program's own words.
  [[nodiscard]] std::vector<std::string> launcher(
      const confined_run& run) const;

 private:
  void choose_user();
  [[nodiscard]] std::string why_no_namespaces() const;

  std::filesystem::path confine_;
  bool full_ = true;
  std::string lacks_;
  unsigned user_ = 0;
  bool is_root_ = false;
  int lease_ = -1;  // keeps user_ ours as long as this object lives
};

}  // namespace workbook
