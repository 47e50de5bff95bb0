#include "watchdog.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "schedule.hpp"

namespace explore {
namespace {

constexpr int look_every_ms = 100;
constexpr double endless_cpu_seconds = 3;

/// Looks in a row that must show the same before a wait is believed.
constexpr int looks_until_sure = 3;

void say(record& log, ending how, const std::string& text) {
  log.how = how;
  log.text.fill('\0');
  std::copy_n(text.begin(), std::min(text.size(), log.text.size() - 1),
              log.text.begin());
}

/// One kernel thread of the child, as /proc shows it.
struct kernel_thread {
  int id = 0;
  char state = '?';
  double cpu_seconds = 0;
  long call = -1;  // number of the system call it is in
  unsigned long first_argument = 0;
};

std::optional<kernel_thread> read_thread(
    const std::filesystem::path& folder) {
  kernel_thread read;
  const std::string id = folder.filename();
  std::from_chars(id.data(), id.data() + id.size(), read.id);
  std::ifstream stat(folder / "stat");
  std::string line;
  if (!std::getline(stat, line)) {
    return std::nullopt;
  }
  unsigned long user = 0;
  unsigned long system = 0;
  const auto after_name = line.rfind(')');
  std::sscanf(line.c_str() + after_name + 2,
              "%c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
              &read.state, &user, &system);
  read.cpu_seconds = static_cast<double>(user + system) /
                     static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream call(folder / "syscall");
  std::string number;
  call >> number >> std::hex >> read.first_argument;
  std::from_chars(number.data(), number.data() + number.size(),
                  read.call);
  return read;
}

/// Whether the thread waits for its turn: part of the explorer.
bool waits_for_turn(const kernel_thread& each) {
  const auto* address =
      reinterpret_cast<const char*>(each.first_argument);
  const auto* begin =
      reinterpret_cast<const char*>(&current_schedule());
  const bool ours =
      address >= begin && address < begin + sizeof(schedule);
  return each.call == SYS_futex && ours;
}

const char* call_name(long number) {
  switch (number) {
    case SYS_read:
      return "read";
    case SYS_write:
      return "write";
#ifdef SYS_poll  // newer platforms have the other only
    case SYS_poll:
#endif
    case SYS_ppoll:
      return "poll";
#ifdef SYS_select
    case SYS_select:
#endif
    case SYS_pselect6:
      return "select";
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
    case SYS_epoll_pwait:
      return "epoll_wait";
    case SYS_futex:
      return "sem_wait or another futex of the C library";
    case SYS_rt_sigtimedwait:
    case SYS_rt_sigsuspend:
      return "a wait for a signal";
    case SYS_wait4:
    case SYS_waitid:
      return "a wait for a child process";
    case SYS_accept:
    case SYS_accept4:
    case SYS_recvfrom:
    case SYS_recvmsg:
      return "a socket";
    default:
      return "a system call";
  }
}

/// What keeps the child from going on, if anything does.
class stall_detector {
 public:
  explicit stall_detector(int child, record& log)
      : child_(child), log_(log) {}

  void look() {
    const bool moved = log_.steps != steps_;
    steps_ = log_.steps;
    if (moved || has_ended()) {
      sure_ = 0;
      return;
    }
    std::error_code gone;
    const auto folder = fmt::format("/proc/{}/task", child_);
    bool computes = false;
    std::optional<kernel_thread> stuck;
    for (const auto& each :
         std::filesystem::directory_iterator(folder, gone)) {
      const auto seen = read_thread(each.path());
      if (!seen || waits_for_turn(*seen)) {
        continue;
      }
      computes = computes || seen->state == 'R';
      if (seen->state == 'R' &&
          seen->cpu_seconds > endless_cpu_seconds) {
        syscall(SYS_tgkill, child_, seen->id, SIGXCPU);
      }
      stuck = seen->state == 'S' ? seen : stuck;
    }
    sure_ = stuck && !computes ? sure_ + 1 : 0;
    if (sure_ == looks_until_sure) {
      give_up(*stuck);
    }
  }

 private:
  bool has_ended() const { return log_.how != ending::running; }

  void give_up(const kernel_thread& stuck) {
    say(log_, ending::unexplorable,
        fmt::format("a blocking call that cannot be explored: {} "
                    "(system call {})",
                    call_name(stuck.call), stuck.call));
    kill(child_, SIGKILL);
  }

  const int child_;
  record& log_;
  std::uint32_t steps_ = 0;
  int sure_ = 0;
};

}  // namespace

alarm_clock::alarm_clock() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, &before_);
  const timeval every{0, look_every_ms * 1'000};
  const itimerval timer{every, every};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

alarm_clock::~alarm_clock() {
  const itimerval off{};
  setitimer(ITIMER_REAL, &off, nullptr);
  sigaction(SIGALRM, &before_, nullptr);
}

void watch_child(int child, record& log, std::uint64_t seal) {
  stall_detector watcher(child, log);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return;
    }
    watcher.look();
  }
  const bool forged = log.how == ending::passed && log.seal != seal;
  if (log.how != ending::running && !forged) {
    return;
  }
  if (WIFSIGNALED(status)) {
    say(log, ending::crashed, strsignal(WTERMSIG(status)));
  } else {
    say(log, ending::crashed,
        fmt::format("the code under test ended the process: exit({})",
                    WEXITSTATUS(status)));
  }
}

}  // namespace explore
