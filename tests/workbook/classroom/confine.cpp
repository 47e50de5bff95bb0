// Runs one program of a submission with less than its parent has.
//
//   workbook_confine start [--uid N] [--canary] -- COMMAND…
//     keeps the grader's word out of every environment that code of the
//     submission can see, drops to user N, runs COMMAND, ends as it did
//   workbook_confine enter [--cpu S] [--data MIB] [--file MIB]
//     [--processes N] -- PROGRAM…
//     sets limits and the system call filter, and becomes PROGRAM
//
// `start` runs outside the namespaces, `enter` inside them; between the
// two is bubblewrap, or nothing where there are no namespaces. The word
// goes from one to the other through a pipe, which is empty once it was
// read: neither /proc/1/environ nor /proc/1/fd shows it.
//
// Book: "The instructor's guide", section What contains a submission.

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr auto channel_variable = "WORKBOOK_CHANNEL";
constexpr int word_descriptor = 4;  // 3 is the channel itself
constexpr int cannot_start = 126;   // as `workbook` understands it

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "workbook_confine: %s: %s\n", what.c_str(),
               std::strerror(errno));
  std::_Exit(cannot_start);
}

struct options {
  unsigned uid = 0;
  bool canary = false;
  rlim_t cpu = 0;
  rlim_t data = 0;  // bytes
  rlim_t file = 0;  // bytes
  rlim_t processes = 0;
  std::vector<char*> command;  // ends with a null pointer
};

constexpr rlim_t mebibyte = 1024 * 1024;

options read_options(char** words) {
  options read;
  for (; *words != nullptr && std::string_view(*words) != "--";
       ++words) {
    const std::string_view name = *words;
    if (name == "--canary") {
      read.canary = true;
      continue;
    }
    if (words[1] == nullptr) {
      break;
    }
    const unsigned long value = std::strtoul(*++words, nullptr, 10);
    if (name == "--uid") {
      read.uid = static_cast<unsigned>(value);
    } else if (name == "--cpu") {
      read.cpu = value;
    } else if (name == "--data") {
      read.data = value * mebibyte;
    } else if (name == "--file") {
      read.file = value * mebibyte;
    } else if (name == "--processes") {
      read.processes = value;
    }
  }
  for (words += *words != nullptr ? 1 : 0; *words != nullptr; ++words) {
    read.command.push_back(*words);
  }
  read.command.push_back(nullptr);
  return read;
}

// ---- start --------------------------------------------------------------

/// The value of the variable, which is overwritten in this process's
/// memory, where /proc would show it.
std::string take_variable(const char* name) {
  char* const text = std::getenv(name);
  if (text == nullptr) {
    return {};
  }
  std::string value = text;
  std::memset(text, 0, std::strlen(text));
  ::unsetenv(name);
  return value;
}

/// Keeps what a test needs and leaves out the rest: LD_PRELOAD, the
/// variables of compilers, and whatever else is the teacher's.
void clean_environment() {
  std::vector<std::string> kept;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view line = *each;
    for (const std::string_view name :
         {"WORKBOOK_SOURCES=", "WORKBOOK_THINNED=", "WORKBOOK_SEEDS=",
          "WORKBOOK_CHILD="}) {
      if (line.starts_with(name)) {
        kept.emplace_back(line);
      }
    }
  }
  ::clearenv();
  ::setenv("PATH", "/usr/bin:/bin", 1);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  ::setenv("HOME", "/tmp", 1);
  ::setenv("TMPDIR", "/tmp", 1);
  for (const std::string& line : kept) {
    const std::size_t equals = line.find('=');
    ::setenv(line.substr(0, equals).c_str(),
             line.substr(equals + 1).c_str(), 1);
  }
}

/// A pipe that holds `word` and has no writer.
int pipe_with(const std::string& word) {
  int ends[2];
  if (::pipe(ends) != 0 || ::write(ends[1], word.data(), word.size()) !=
                               static_cast<ssize_t>(word.size())) {
    give_up("a pipe");
  }
  ::close(ends[1]);
  return ends[0];
}

void drop_to(unsigned uid) {
  if (::setgroups(0, nullptr) != 0 || ::setgid(uid) != 0 ||
      ::setuid(uid) != 0) {
    give_up("another user");
  }
}

/// Without a pid namespace, what was left behind is found by its user,
/// which nobody else has.
void kill_all_of(unsigned uid) {
  const pid_t killer = ::fork();
  if (killer == 0) {
    drop_to(uid);
    ::kill(-1, SIGKILL);
    std::_Exit(0);
  }
  ::waitpid(killer, nullptr, 0);
}

/// bubblewrap does not wait for the namespaces' first process; we do,
/// so that the processor time of all is ours, and the grader's.
void reap_orphans() {
  constexpr int most_milliseconds = 2000;
  for (int i = 0; i < most_milliseconds; ++i) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended < 0 && errno == ECHILD) {
      return;
    }
    if (ended == 0) {
      ::usleep(1000);
    }
  }
}

int start(const options& wanted) {
  std::string word = take_variable(channel_variable);
  if (wanted.canary && !word.empty()) {
    word += '+';
  }
  clean_environment();
  const int source = pipe_with(word);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    give_up("a process");
  }
  if (child == 0) {
    if (source != word_descriptor) {
      ::dup2(source, word_descriptor);
    }
    ::close_range(word_descriptor + 1, ~0U, 0);
    if (wanted.uid != 0) {
      drop_to(wanted.uid);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
      std::_Exit(cannot_start);
    }
    ::execv(wanted.command[0], wanted.command.data());
    give_up(wanted.command[0]);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (wanted.uid != 0) {
    kill_all_of(wanted.uid);
  }
  reap_orphans();
  // bubblewrap reports a signal as 128 and its number.
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status)
                     : code > 128        ? code - 128
                                         : 0;
  if (signal > 0 && signal < NSIG) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
  return code;
}

// ---- enter --------------------------------------------------------------

void limit(__rlimit_resource what, rlim_t value, rlim_t grace = 0) {
  if (value > 0) {
    const rlimit wanted{value, value + grace};
    ::setrlimit(what, &wanted);
  }
}

/// What no test of a lab needs: to look into another process, to leave
/// the namespaces or the session, to reach the network, to talk to the
/// kernel's rarely used doors.
constexpr std::array refused_calls = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(setsid),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(syslog),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
};

void filter_system_calls() {
  const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) {
    give_up("a system call filter");
  }
  int failed = 0;
  const auto refuse = [&](int call) {
    failed |=
        ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
  };
  for (const int call : refused_calls) {
    refuse(call);
  }
  // clone3 has its flags in memory, where a filter cannot look; without
  // it the C library calls clone.
  failed |= ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
                               SCMP_SYS(clone3), 0);
  for (const unsigned long flag :
       {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWNS,
        CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
    failed |= ::seccomp_rule_add(
        filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
        SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
  }
  failed |= ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
                               SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  if (failed != 0 || ::seccomp_load(filter) != 0) {
    give_up("the system call filter");
  }
  ::seccomp_release(filter);
}

int enter(const options& wanted) {
  std::array<char, 128> word{};
  if (::read(word_descriptor, word.data(), word.size() - 1) > 0) {
    ::setenv(channel_variable, word.data(), 1);
  }
  ::close_range(word_descriptor, ~0U, 0);
  limit(RLIMIT_CPU, wanted.cpu, 1);
  limit(RLIMIT_DATA, wanted.data);
  limit(RLIMIT_FSIZE, wanted.file);
  limit(RLIMIT_NPROC, wanted.processes);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::personality(ADDR_NO_RANDOMIZE);  // the explorer's tests need it
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  filter_system_calls();
  ::execv(wanted.command[0], wanted.command.data());
  give_up(wanted.command[0]);
}

}  // namespace

int main(int count, char** words) {
  const std::string_view mode = count > 1 ? words[1] : "";
  const options wanted = read_options(words + (count > 1 ? 2 : 1));
  if ((mode != "start" && mode != "enter") ||
      wanted.command.size() < 2) {
    std::fprintf(stderr,
                 "usage: workbook_confine start|enter [options] -- "
                 "command…\n");
    return cannot_start;
  }
  return mode == "start" ? start(wanted) : enter(wanted);
}
