// The face of the explorer where there is nothing to explore with: the
// sanitizers' builds and other platforms. A scenario runs a few times
// on real threads and real time, each time in a process of its own; the
// sanitizer watches.
//
// What a scenario learns here of the other threads is a guess (settle()
// looks at /proc until they rest). So an expectation that fails now and
// then is no verdict; one that fails every time is, and so is every
// word of the sanitizer.
//
// Book: appendix "How the explorer works", section Where exploration is
// not to be had.

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "child.hpp"
#include "explore.hpp"
#include "observer.hpp"

namespace explore {
namespace {

using clock = std::chrono::steady_clock;

constexpr int repetitions = 5;
constexpr int looks_until_settled = 3;
constexpr int looks_until_ended = 25;
constexpr auto look_every = std::chrono::milliseconds(2);
constexpr auto longest_settle = std::chrono::seconds(2);

// How a repetition ends whose expectation failed, or whose step is not
// written.
constexpr int exit_noted = 98;

observer observe = nullptr;
clock::time_point start;

int at_start = 0;  // threads besides the first: the sanitizer's own

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

notes* note = nullptr;  // not null: this process is a repetition's

template <std::size_t size>
void keep(std::array<char, size>& in, const char* text) {
  std::snprintf(in.data(), size, "%s", text == nullptr ? "" : text);
}

/// Threads of this process besides the calling one that sleep (state
/// S), and all of them.
struct census {
  int resting = 0;
  int all = 0;
};

census take_census() {
  census taken;
  DIR* const folder = opendir("/proc/self/task");
  const std::string self = std::to_string(gettid());
  while (const dirent* each = readdir(folder)) {
    const std::string id = each->d_name;
    if (id[0] == '.' || id == self) {
      continue;
    }
    std::ifstream file("/proc/self/task/" + id + "/stat");
    std::string line;
    std::getline(file, line);
    const auto state = line.rfind(") ");
    taken.all += state == std::string::npos ? 0 : 1;
    taken.resting +=
        state != std::string::npos && line[state + 2] == 'S' ? 1 : 0;
  }
  closedir(folder);
  return taken;
}

/// Threads that a sanitizer starts for itself with the first of ours.
int runtimes_threads() {
  std::thread([] {}).join();
  int fewest = take_census().all;
  for (int looks = 0; looks < looks_until_settled; ++looks) {
    std::this_thread::sleep_for(look_every);
    fewest = std::min(fewest, take_census().all);
  }
  return fewest;
}

/// Ends the repetition under the threads that still run, which is not
/// for the sanitizer to complain of: it does not see this call.
[[noreturn]] void leave() {
  for (;;) {
    syscall(SYS_exit_group, exit_noted);
  }
}

/// The scenario asks for what real threads do not tell: an expectation
/// that fails from here on is no verdict.
void guess(const char* what) {
  if (note != nullptr) {
    note->guessed = what;
  }
}

}  // namespace

void set_observer(observer added) {
  observe = added;
}
void prepare(char**) {}
bool exploring() {
  return false;
}

namespace {

/// What a repetition wrote to its standard error, and how it ended.
struct attempt {
  int status = 0;
  std::string said;
  [[nodiscard]] bool noted() const {
    return WIFEXITED(status) && WEXITSTATUS(status) == exit_noted;
  }
  [[nodiscard]] bool clean() const {
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
};

/// The sanitizer's word, shortened; or what ended the process.
std::string complaint(const attempt& tried) {
  constexpr int most_lines = 24;
  auto begin = tried.said.find("WARNING: ");
  if (begin == std::string::npos) {
    begin = tried.said.find("ERROR: ");
  }
  if (begin == std::string::npos) {
    begin = tried.said.find("runtime error: ");
  }
  if (begin != std::string::npos) {
    begin = tried.said.rfind('\n', begin) + 1;
    auto end = begin;
    for (int i = 0; i < most_lines && end != std::string::npos; ++i) {
      end = tried.said.find('\n', end + 1);
    }
    return tried.said.substr(begin, end - begin);
  }
  return WIFSIGNALED(tried.status)
             ? std::string("ended by SIG") +
                   sigabbrev_np(WTERMSIG(tried.status))
             : "the process ended with exit status " +
                   std::to_string(WEXITSTATUS(tried.status));
}

/// Runs the scenario once. A process that is left by exit() has its
/// leaks looked for.
attempt run_once(void (*body)(), notes& into) {
  std::fflush(nullptr);
  std::FILE* const said = std::tmpfile();
  const pid_t child = fork();
  if (child == 0) {
    note = &into;
    dup2(fileno(said), STDERR_FILENO);
    start = clock::now();
    at_start = runtimes_threads();
    body();
    std::exit(0);
  }
  attempt tried;
  while (waitpid(child, &tried.status, 0) < 0 && errno == EINTR) {
  }
  std::rewind(said);
  std::array<char, 4096> piece;
  while (const auto got =
             std::fread(piece.data(), 1, piece.size(), said)) {
    tried.said.append(piece.data(), got);
  }
  std::fclose(said);
  std::fputs(tried.said.c_str(), stderr);
  return tried;
}

/// All repetitions, until one of them settles the verdict.
told repeat(void (*body)(), notes& seen) {
  told what{.strategy = "real threads"};
  int unmet = 0;
  for (; what.schedules < repetitions; ++what.schedules) {
    seen.taken = false;
    const attempt tried = run_once(body, seen);
    unmet += tried.noted() ? 1 : 0;
    what.unwritten = seen.unwritten.data();
    if (!what.unwritten.empty()) {
      what.failed = true;
      what.failure = "step " + what.unwritten + " is not written yet";
      return what;
    }
    if (!tried.clean() && !tried.noted()) {
      what.failed = true;
      what.failure = complaint(tried);
      return what;
    }
  }
  if (unmet == repetitions && seen.guessed != nullptr) {
    what.unavailable = std::string("needs ") + seen.guessed.load();
  } else if (unmet == repetitions) {
    what.failed = true;
    what.failure = seen.failure.data();
    what.file = seen.file.data();
    what.line = seen.line;
  }
  return what;
}

void tell_observer(const told& what) {
  if (observe != nullptr) {
    observe(what);
  }
}

}  // namespace

void run(const char*, void (*body)(), options wanted) {
  if (wanted.virtual_time) {
    tell_observer({.unavailable = "needs virtual time"});
    return;
  }
  void* const shared =
      mmap(nullptr, sizeof(notes), PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const seen = new (shared) notes;
  told what = repeat(body, *seen);
  what.promise = seen->promise.data();
  tell_observer(what);
  munmap(shared, sizeof(notes));
}

void run_broken(const char*, void (*)(), const char*, const char*) {
  tell_observer({.unavailable = "needs schedules of one's own"});
}

void role(std::string_view) {}
void name(const void*, std::string_view) {}

std::chrono::nanoseconds now() {
  return clock::now() - start;
}

void settle() {
  const auto until = clock::now() + longest_settle;
  for (int rested = 0;
       rested < looks_until_settled && clock::now() < until;) {
    std::this_thread::sleep_for(look_every);
    const census taken = take_census();
    rested = taken.resting == taken.all ? rested + 1 : 0;
  }
}

int waiting() {
  return std::max(0, take_census().resting - at_start);
}
int sleeping() {
  guess("to tell sleeping from waiting");
  return waiting();
}
int threads_alive() {
  // A joined thread is still to be seen for a moment while it ends.
  int alive = 0;
  for (int looks = 0; looks < looks_until_ended; ++looks) {
    alive = std::max(0, take_census().all - at_start);
    if (alive == 0) {
      break;
    }
    std::this_thread::sleep_for(look_every);
  }
  return alive;
}
int threads_started() {
  guess("a count of all threads ever started");
  return threads_alive();
}
void fail_thread_start(int) {
  guess("a thread that cannot be started");
}
int locks_held() {
  guess("to know which locks a thread holds");
  return 0;
}

bool in_schedule() {
  return note != nullptr;
}

void note_promise(const char* words) {
  keep(note->promise, words);
}

void note_failure(const char* file, int line, const char* message) {
  if (!note->taken.exchange(true)) {
    keep(note->file, file);
    note->line = line;
    keep(note->failure, message);
  }
  leave();
}

void note_unwritten(const char* step) {
  keep(note->unwritten, step);
  leave();
}

}  // namespace explore
