// A process that the program starts, and everything that it starts.

#include "workbook/child.hpp"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string_view>

#include "workbook/problem.hpp"
#include "workbook/process_snapshot.hpp"

namespace workbook {

namespace {

constexpr int channel_number = 3;
constexpr int cannot_start_status = 126;

/// argv or envp: a null-terminated array of C strings.
class c_strings {
 public:
  explicit c_strings(std::vector<std::string> texts)
      : texts_(std::move(texts)) {
    for (std::string& text : texts_) {
      pointers_.push_back(text.data());
    }
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

std::vector<std::string> environment_of(const child_request& wanted,
                                        const std::string& mark,
                                        const std::string& word) {
  auto added = wanted.environment;
  added.emplace_back("WORKBOOK_CHILD", mark);
  if (wanted.has_channel) {
    added.emplace_back("WORKBOOK_CHANNEL",
                       std::to_string(channel_number) + ":" + word);
  }
  std::vector<std::string> all;
  for (const auto& [name, value] : added) {
    all.push_back(name + "=" + value);
  }
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view line(*each);
    bool replaced = wanted.has_channel && line.starts_with("WORKBOOK_");
    for (const auto& [name, value] : added) {
      replaced = replaced || line.starts_with(name + "=");
    }
    if (!replaced) {
      all.emplace_back(line);
    }
  }
  return all;
}

struct pipe_ends {
  int read = -1;
  int write = -1;
};

pipe_ends open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw problem("cannot open a pipe: {}", std::strerror(errno));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {ends[0], ends[1]};
}

void limit(__rlimit_resource what, rlim_t soft, rlim_t hard) {
  const rlimit wanted{soft, hard};
  ::setrlimit(what, &wanted);
}

/// What the new process does between fork and exec: only calls that
/// are safe there. Never returns.
[[noreturn]] void become(const c_strings& command,
                         const c_strings& environment,
                         const child_request& wanted, int output,
                         int channel) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // What it leaves behind stays below it, whatever session it is in.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (channel == channel_number) {
    ::fcntl(channel, F_SETFD, 0);
  } else if (channel >= 0) {
    ::dup2(channel, channel_number);
  }
  limit(RLIMIT_CORE, 0, 0);
  if (wanted.fixed_addresses) {
    ::personality(ADDR_NO_RANDOMIZE);
  }
  if (wanted.cpu_seconds > 0) {
    limit(RLIMIT_CPU, wanted.cpu_seconds, wanted.cpu_seconds + 1);
  }
  for (const int caught : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD}) {
    ::signal(caught, SIG_DFL);
  }
  if (!wanted.folder.empty() && ::chdir(wanted.folder.c_str()) != 0) {
    ::_exit(cannot_start_status);
  }
  ::execvpe(command.data()[0], command.data(), environment.data());
  // Unlike strerror, this one may be called after a fork.
  const char* known = ::strerrordesc_np(errno);
  const char* why = known == nullptr ? "unknown error" : known;
  (void)!::write(STDERR_FILENO, command.data()[0],
                 std::strlen(command.data()[0]));
  (void)!::write(STDERR_FILENO, ": ", 2);
  (void)!::write(STDERR_FILENO, why, std::strlen(why));
  (void)!::write(STDERR_FILENO, "\n", 1);
  ::_exit(cannot_start_status);
}

std::string new_word() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) !=
      static_cast<ssize_t>(bytes.size())) {
    throw problem("no random numbers: {}", std::strerror(errno));
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::string new_mark() {
  static std::atomic<int> count = 0;
  return std::to_string(::getpid()) + "." + std::to_string(++count);
}

/// The processes that we have started ourselves and not yet waited for.
class our_children {
 public:
  static our_children& get() {
    static our_children all;
    return all;
  }

  /// fork(), known from the start. In the child it returns 0.
  pid_t fork_one() {
    const std::scoped_lock lock(mutex_);
    adopt();
    const pid_t id = ::fork();
    if (id > 0) {
      known_.push_back(id);
    }
    return id;
  }

  /// True once `id` has ended: `status` is then set. Waits for nothing.
  bool reap(pid_t id, int& status) {
    const std::scoped_lock lock(mutex_);
    const pid_t got = ::waitpid(id, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) {
      return false;
    }
    if (got < 0) {
      status = cannot_start_status << 8;  // nobody knows how it ended
    }
    std::erase(known_, id);
    return true;
  }

  /// Kills what some child of ours has left behind: a process that is
  /// our child and that we did not start.
  void kill_orphans() {
    const std::scoped_lock lock(mutex_);
    for (const pid_t each : processes_of_parent(::getpid())) {
      if (std::find(known_.begin(), known_.end(), each) ==
          known_.end()) {
        ::kill(each, SIGKILL);
        ::waitpid(each, nullptr, 0);
      }
    }
  }

 private:
  /// Orphans below us become our children, and the ends of children
  /// are reported to us, whatever our own parent asked for.
  void adopt() {
    if (!adopting_) {
      adopting_ = true;
      ::prctl(PR_SET_CHILD_SUBREAPER, 1);
      ::signal(SIGCHLD, SIG_DFL);
    }
  }

  // mutex_ guards every field below it, and is held from a fork until
  // the child is known.
  std::mutex mutex_;
  bool adopting_ = false;
  std::vector<pid_t> known_;
};

}  // namespace

child::child(const child_request& wanted)
    : mark_(new_mark()), word_(new_word()) {
  const c_strings command(wanted.command);
  const c_strings environment(environment_of(wanted, mark_, word_));
  const pipe_ends output = open_pipe();
  const pipe_ends channel =
      wanted.has_channel ? open_pipe() : pipe_ends{};
  id_ = our_children::get().fork_one();
  if (id_ == 0) {
    become(command, environment, wanted, output.write, channel.write);
  }
  ::close(output.write);
  if (wanted.has_channel) {
    ::close(channel.write);
  }
  output_ = output.read;
  channel_ = channel.read;
  if (id_ < 0) {
    const int why = errno;
    ::close(output_);
    ::close(channel_);
    throw problem("cannot start {}: {}", wanted.command.front(),
                  std::strerror(why));
  }
  ended_ = static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));
}

child::~child() {
  kill_all();
  while (!reap()) {
    ::usleep(1000);
  }
  kill_strays();
  for (const int each : {output_, channel_, ended_}) {
    if (each >= 0) {
      ::close(each);
    }
  }
}

bool child::reap() {
  if (!reaped_) {
    reaped_ = our_children::get().reap(id_, wait_status_);
  }
  return reaped_;
}

void child::kill_all() const {
  // A process may fork while we look: repeat until none is left.
  for (int round = 0; round < 100; ++round) {
    bool any = false;
    for (const pid_t each : processes_of_session(id_)) {
      any = (::kill(each, SIGKILL) == 0) || any;
    }
    if (!reaped_ && round == 0) {
      ::kill(id_, SIGKILL);
    }
    if (!any) {
      return;
    }
    ::usleep(1000);
  }
}

void child::kill_strays() const {
  for (const pid_t each :
       processes_with_environment("WORKBOOK_CHILD=" + mark_)) {
    ::kill(each, SIGKILL);
  }
  our_children::get().kill_orphans();
}

}  // namespace workbook
