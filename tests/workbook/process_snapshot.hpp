// What the threads of a session are doing, as the kernel sees it.
//
// A hang is told from what threads wait in, not from a clock: that
// gives the same verdict on a loaded machine.
//
// Book: appendix "How your work is graded".

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// One thread at one moment.
struct thread_sample {
  pid_t process = 0;
  pid_t thread = 0;
  char state = '?';            // as in /proc: R, S, D, T, Z …
  std::uint64_t switches = 0;  // grows whenever the thread ran
  long system_call = -1;       // what it waits in; -1 unknown

  friend bool operator==(const thread_sample&,
                         const thread_sample&) = default;
};

/// All threads of a session at one moment.
struct process_snapshot {
  std::vector<thread_sample> threads;
  std::size_t processes = 0;
  double cpu_seconds = 0;  // of processes alive or waited for
  std::uint64_t resident_bytes = 0;

  /// Whether some thread runs or could (or waits for a disk).
  [[nodiscard]] bool any_runnable() const;
};

/// Costs a few reads per thread.
process_snapshot take_snapshot(pid_t session);

/// Says what each thread waits in, in words: "2 threads wait for a
/// lock, … (futex)".
std::string describe_waits(const process_snapshot& seen);

/// The processes of the session that are not zombies, and what is
/// below its leader in sessions of its own.
std::vector<pid_t> processes_of_session(pid_t session);

/// The children of a process, zombies too.
std::vector<pid_t> processes_of_parent(pid_t parent);

/// The processes whose environment, as it was at exec, holds `entry`.
std::vector<pid_t> processes_with_environment(std::string_view entry);

/// The processes that run this program file.
std::vector<pid_t> processes_of_program(std::string_view file);

}  // namespace workbook
