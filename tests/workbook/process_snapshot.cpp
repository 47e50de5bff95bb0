// What the threads of a session are doing, as the kernel sees it.

#include "workbook/process_snapshot.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// Files of /proc vanish at any time: then they read as empty.
std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::vector<pid_t> numbered_entries(const fs::path& folder) {
  std::vector<pid_t> numbers;
  std::error_code failed;
  fs::directory_iterator each(folder, failed);
  for (; !failed && each != fs::directory_iterator();
       each.increment(failed)) {
    const std::string name = each->path().filename().string();
    pid_t number = 0;
    const auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

/// The fields of a stat file from the state on: [0] state, [1] parent,
/// [3] session, [11..14] times, [21] resident pages.
std::vector<std::string> stat_fields(const fs::path& file) {
  const std::string text = text_of(file);
  // The name before may hold blanks and brackets: it ends at the last.
  const std::size_t end = text.rfind(')');
  std::vector<std::string> fields;
  if (end == std::string::npos) {
    return fields;
  }
  std::istringstream rest(text.substr(end + 1));
  for (std::string field; rest >> field;) {
    fields.push_back(field);
  }
  return fields;
}

std::uint64_t number_in(const std::vector<std::string>& fields,
                        std::size_t place) {
  std::uint64_t number = 0;
  if (place < fields.size()) {
    const std::string& text = fields[place];
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

std::uint64_t switches_of(const fs::path& task) {
  std::uint64_t sum = 0;
  std::istringstream lines(text_of(task / "status"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("ctxt_switches:");
    if (at != std::string::npos) {
      sum += std::strtoull(line.c_str() + at + 14, nullptr, 10);
    }
  }
  return sum;
}

long system_call_of(const fs::path& task) {
  const std::string text = text_of(task / "syscall");
  long number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

const std::map<long, const char*>& known_waits() {
  static const std::map<long, const char*> waits = {
      {SYS_futex,
       "a lock, a condition, an atomic, a result or a join (futex)"},
      {SYS_read, "something to read (read)"},
      {SYS_write, "room to write (write)"},
      {SYS_wait4, "a child process (wait4)"},
      {SYS_waitid, "a child process (waitid)"},
      {SYS_clock_nanosleep, "the end of a sleep (clock_nanosleep)"},
      {SYS_nanosleep, "the end of a sleep (nanosleep)"},
      {SYS_ppoll, "a file or a socket (ppoll)"},
      {SYS_epoll_pwait, "a file or a socket (epoll_pwait)"},
      {SYS_rt_sigtimedwait, "a signal (sigtimedwait)"},
      {SYS_rt_sigsuspend, "a signal (sigsuspend)"},
      {SYS_accept4, "a connection (accept4)"},
      {SYS_recvfrom, "something to receive (recvfrom)"},
#ifdef SYS_poll
      {SYS_poll, "a file or a socket (poll)"},
      {SYS_epoll_wait, "a file or a socket (epoll_wait)"},
      {SYS_pause, "a signal (pause)"},
#endif
  };
  return waits;
}

std::string wait_in_words(const thread_sample& thread) {
  if (thread.state == 'T' || thread.state == 't') {
    return "a signal to go on (it is stopped)";
  }
  const auto known = known_waits().find(thread.system_call);
  if (known != known_waits().end()) {
    return known->second;
  }
  return thread.system_call < 0
             ? std::string("something in the kernel")
             : fmt::format("system call {}", thread.system_call);
}

}  // namespace

bool process_snapshot::any_runnable() const {
  return std::any_of(threads.begin(), threads.end(),
                     [](const thread_sample& each) {
                       return each.state == 'R' || each.state == 'D';
                     });
}

process_snapshot take_snapshot(pid_t session) {
  process_snapshot seen;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const pid_t process : processes_of_session(session)) {
    const fs::path folder = "/proc/" + std::to_string(process);
    const auto fields = stat_fields(folder / "stat");
    ++seen.processes;
    for (std::size_t time = 11; time <= 14; ++time) {
      seen.cpu_seconds +=
          static_cast<double>(number_in(fields, time)) / ticks;
    }
    seen.resident_bytes += number_in(fields, 21) * page;
    for (const pid_t thread : numbered_entries(folder / "task")) {
      const fs::path task = folder / "task" / std::to_string(thread);
      const auto own = stat_fields(task / "stat");
      if (own.empty() || own[0] == "Z" || own[0] == "X") {
        continue;
      }
      seen.threads.push_back({process, thread, own[0][0],
                              switches_of(task), system_call_of(task)});
    }
  }
  return seen;
}

std::string describe_waits(const process_snapshot& seen) {
  std::map<std::string, int> counts;
  for (const thread_sample& each : seen.threads) {
    ++counts[wait_in_words(each)];
  }
  std::string words;
  for (const auto& [wait, count] : counts) {
    words +=
        fmt::format("{}{} {} for {}", words.empty() ? "" : "; ", count,
                    count == 1 ? "thread waits" : "threads wait", wait);
  }
  return words;
}

std::vector<pid_t> processes_of_session(pid_t session) {
  struct entry {
    pid_t parent = 0;
    bool in_session = false;
    bool alive = false;
  };
  std::map<pid_t, entry> all;
  const std::string wanted = std::to_string(session);
  for (const pid_t process : numbered_entries("/proc")) {
    const auto fields =
        stat_fields("/proc/" + std::to_string(process) + "/stat");
    if (fields.size() > 3) {
      all[process] = {static_cast<pid_t>(number_in(fields, 1)),
                      fields[3] == wanted,
                      fields[0] != "Z" && fields[0] != "X"};
    }
  }
  std::vector<pid_t> found;
  for (const auto& [process, own] : all) {
    bool below = own.in_session;
    // The kernel's tree has no circles; a snapshot of it could.
    auto above = all.find(own.parent);
    for (int depth = 0; !below && above != all.end() && depth < 64;
         ++depth) {
      below = above->first == session;
      above = all.find(above->second.parent);
    }
    if (below && own.alive) {
      found.push_back(process);
    }
  }
  return found;
}

std::vector<pid_t> processes_of_parent(pid_t parent) {
  std::vector<pid_t> found;
  for (const pid_t process : numbered_entries("/proc")) {
    const auto fields =
        stat_fields("/proc/" + std::to_string(process) + "/stat");
    if (fields.size() > 3 && fields[1] == std::to_string(parent)) {
      found.push_back(process);
    }
  }
  return found;
}

std::vector<pid_t> processes_with_environment(std::string_view entry) {
  std::vector<pid_t> found;
  for (const pid_t process : numbered_entries("/proc")) {
    const std::string environment =
        '\0' + text_of("/proc/" + std::to_string(process) + "/environ");
    const std::string whole = '\0' + std::string(entry) + '\0';
    if (environment.find(whole) != std::string::npos) {
      found.push_back(process);
    }
  }
  return found;
}

std::vector<pid_t> processes_of_program(std::string_view file) {
  std::vector<pid_t> found;
  for (const pid_t process : numbered_entries("/proc")) {
    std::error_code failed;
    const fs::path program = fs::read_symlink(
        "/proc/" + std::to_string(process) + "/exe", failed);
    if (!failed && program == fs::path(file)) {
      found.push_back(process);
    }
  }
  return found;
}

}  // namespace workbook
