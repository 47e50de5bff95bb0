// The face of the explorer where there is nothing to explore with: the
// sanitizers' builds and other platforms. A scenario runs a few times
// on real threads and real time; the sanitizer watches.
//
// What a scenario learns here of the other threads is a guess (settle()
// looks at /proc until they rest), so a failed expectation is no
// verdict: only the sanitizer's word counts.
//
// Book: appendix "How the explorer works", section Where exploration is not to be had.

#include <dirent.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
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
constexpr auto look_every = std::chrono::milliseconds(2);
constexpr auto longest_settle = std::chrono::seconds(2);

observer observe = nullptr;
clock::time_point start;

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

}  // namespace

void set_observer(observer added) {
  observe = added;
}
void prepare(char**) {}
bool exploring() {
  return false;
}

void run(const char*, void (*body)(), options wanted) {
  told what;
  if (!wanted.virtual_time) {
    for (; what.schedules < repetitions; ++what.schedules) {
      start = clock::now();
      body();
    }
  }
  what.strategy = "real threads";
  if (observe != nullptr) {
    observe(what);
  }
}

void run_broken(const char*, void (*)(), const char*, const char*) {
  if (observe != nullptr) {
    observe({.infrastructure = "needs the explorer"});
  }
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
  return take_census().resting;
}
int sleeping() {
  return take_census().resting;
}
int threads_alive() {
  return take_census().all;
}
int threads_started() {
  return take_census().all;
}
void fail_thread_start(int) {}
int locks_held() {
  return 0;
}

bool in_schedule() {
  return false;
}
void note_promise(const char*) {}
void note_failure(const char*, int, const char*) {
  std::abort();
}
void note_unwritten(const char*) {
  std::abort();
}

}  // namespace explore
