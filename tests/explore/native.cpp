// The public functions of the explorer where there is nothing to explore with: the
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
// not available.

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <thread>

#include "explore.hpp"
#include "observer.hpp"
#include "real_threads.hpp"
#include "repetition.hpp"

namespace explore {
namespace {

using clock = std::chrono::steady_clock;

constexpr int repetitions = 5;
constexpr int looks_until_ended = 25;

observer observe = nullptr;
clock::time_point start;
int at_start = 0;       // threads besides the first: the sanitizer's
notes* note = nullptr;  // not null: this process is a repetition's

/// The scenario asks for what real threads do not show: an expectation
/// that fails from here on is no verdict.
void guess(const char* what) {
  if (note != nullptr) {
    note->guessed = what;
  }
}

/// All repetitions, until one of them settles the verdict.
test_result repeat(void (*body)(), notes& seen) {
  test_result what{.strategy = "real threads"};
  int unmet = 0;
  for (; what.schedules < repetitions; ++what.schedules) {
    seen.taken = false;
    const repetition tried = repeat_once([&] {
      note = &seen;
      start = clock::now();
      at_start = runtimes_threads();
      body();
    });
    unmet += tried.noted() ? 1 : 0;
    what.unwritten = seen.unwritten.data();
    if (!what.unwritten.empty()) {
      what.failed = true;
      what.failure = "step " + what.unwritten + " is not written yet";
      return what;
    }
    if (!tried.clean() && !tried.noted()) {
      what.failed = true;
      what.failure = tried.complaint();
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

void notify_observer(const test_result& what) {
  if (observe != nullptr) {
    observe(what);
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

void run(const char*, void (*body)(), options wanted) {
  if (wanted.virtual_time) {
    notify_observer({.unavailable = "needs virtual time"});
    return;
  }
  void* const shared =
      mmap(nullptr, sizeof(notes), PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const seen = new (shared) notes;
  test_result what = repeat(body, *seen);
  what.promise = seen->promise.data();
  notify_observer(what);
  munmap(shared, sizeof(notes));
}

void run_broken(const char*, void (*)(), const char*, const char*) {
  notify_observer({.unavailable = "needs schedules of one's own"});
}

void role(std::string_view) {}
void name(const void*, std::string_view) {}

std::chrono::nanoseconds now() {
  return clock::now() - start;
}

void settle() {
  wait_until_all_rest();
}

int waiting() {
  return std::max(0, take_census().resting - at_start);
}
int sleeping() {
  guess("to distinguish sleeping from waiting");
  return waiting();
}
int timed_waits() {
  guess("a count of timed waits");
  return 0;
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
missing_block::missing_block(std::size_t, std::size_t) {
  guess("a block of memory that is missing");
}
missing_block::~missing_block() = default;
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
