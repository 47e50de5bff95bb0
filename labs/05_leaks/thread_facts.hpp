// What the kernel reports about a thread of this process.
//
// Book: chapter 5, "Leaks". Model: proc(5), task/*/stat and syscall.
// Given: nothing here is left to write.

#pragma once

#include <sys/syscall.h>
#include <sys/types.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace workbook {

/// Returns the text of /proc/self/task/<thread>/<file>, or "" if the
/// thread has ended or the kernel hides the file.
inline std::string task_file(pid_t thread, const char* file) {
  std::ifstream from("/proc/self/task/" + std::to_string(thread) + "/" +
                     file);
  return {std::istreambuf_iterator<char>(from), {}};
}

/// Returns the system call that `thread` waits in ("futex", "read"),
/// "running" if it waits in none, or "" if the thread has ended. Reads
/// task/*/syscall, because wchan is empty on many kernels.
inline std::string waits_in(pid_t thread) {
  static constexpr std::array names = {
      std::pair{SYS_futex, "futex"},
      std::pair{SYS_read, "read"},
      std::pair{SYS_write, "write"},
      std::pair{SYS_clock_nanosleep, "clock_nanosleep"},
      std::pair{SYS_ppoll, "ppoll"},
      std::pair{SYS_epoll_pwait, "epoll_pwait"},
      std::pair{SYS_accept, "accept"},
      std::pair{SYS_recvfrom, "recvfrom"},
      std::pair{SYS_sendto, "sendto"},
      std::pair{SYS_rt_sigtimedwait, "rt_sigtimedwait"},
#ifdef SYS_poll  // newer architectures have only ppoll and the like
      std::pair{SYS_poll, "poll"},
      std::pair{SYS_select, "select"},
      std::pair{SYS_pause, "pause"},
      std::pair{SYS_epoll_wait, "epoll_wait"},
#endif
  };
  const std::string text = task_file(thread, "syscall");
  if (text.empty() || text.starts_with("running")) {
    return text.substr(0, 7);
  }
  const long number = std::strtol(text.c_str(), nullptr, 10);
  for (const auto& [known, name] : names) {
    if (known == number) {
      return name;
    }
  }
  return "system call " + std::to_string(number);
}

/// The seconds since `ticks` after the machine's start. One tick of
/// the kernel is 10 ms.
inline double seconds_since(unsigned long long ticks) {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) / 1e9 -
         static_cast<double>(ticks) / 100;
}

}  // namespace workbook
