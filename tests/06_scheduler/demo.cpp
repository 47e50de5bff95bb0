// A scheduler at work: document 004's program, then the queues of a
// real run before and after a steal, a hand-off and a preemption, then
// a million goroutines that wait at once.
//
//   make demo LAB=06
//   GOROUTINES=100000 THREADS=500 make demo LAB=06
//
// Writes build/demo/06_scheduler.json, which ui.perfetto.dev opens, and
// build/demo/06_scheduler.player.json, which the book plays.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gmp.hpp"
#include "many_waiting.hpp"
#include "mutex.hpp"
#include "picture.hpp"
#include "trace_export.hpp"
#include "wait_group.hpp"

namespace {

namespace gmp = workbook::gmp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using workbook::event_kind;
using workbook::picture;
using workbook::trace_event;

// ---- Document 004's program ------------------------------------------

void document_004() {
  int counter = 0;
  gmp::scheduler scheduler;
  (void)scheduler.run([&] {
    gmp::wait_group group;
    group.add();
    (void)gmp::go("counts", [&] {
      for (int i = 0; i < 1'000; ++i) {
        ++counter;
      }
      group.done();
    });
    group.wait();
  });
  std::printf("Document 004: counter = %d\n\n", counter);
}

// ---- A run that is worth watching ------------------------------------

void compute(milliseconds length) {
  const auto end = steady_clock::now() + length;
  while (steady_clock::now() < end) {
  }
}

// Main does not call the scheduler until another machine has run one of
// the eight: only a thief can.
void be_stolen_from() {
  std::atomic<int> ran = 0;
  gmp::wait_group group;
  group.add(8);
  for (int i = 0; i < 8; ++i) {
    (void)gmp::go("short", [&] {
      ++ran;
      compute(milliseconds(1));
      group.done();
    });
  }
  while (ran == 0) {
  }
  group.wait();
}

// Three goroutines block their threads; the others need the processors.
void block_threads() {
  gmp::wait_group group;
  group.add(9);
  for (int i = 0; i < 9; ++i) {
    (void)gmp::go("blocks", [&, i] {
      if (i % 3 == 0) {
        gmp::blocking(
            [] { std::this_thread::sleep_for(milliseconds(5)); });
      } else {
        compute(milliseconds(1));
      }
      group.done();
    });
  }
  group.wait();
}

// One hog calls the scheduler now and then, the other never does.
std::string run_hogs(gmp::scheduler& scheduler) {
  std::string line;
  gmp::mutex free_mutex;
  gmp::wait_group group;
  group.add(8);
  for (int i = 0; i < 8; ++i) {
    (void)gmp::go("hog", [&, i] {
      if (i == 0) {
        const auto end = steady_clock::now() + milliseconds(60);
        while (steady_clock::now() < end) {
          const std::scoped_lock lock(free_mutex);
        }
      } else {
        compute(milliseconds(i == 1 ? 80 : 15));
      }
      if (i == 2) {
        line = scheduler.schedtrace();
      }
      group.done();
    });
  }
  group.wait();
  return line;
}

// ---- The moments -----------------------------------------------------

using events = std::vector<trace_event>;

// Prints the queues before event `at` and after event `end`.
void show(const events& all, const char* title, std::size_t at,
          std::size_t end) {
  picture now(2);
  for (std::size_t i = 0; i < at; ++i) {
    now.apply(all[i]);
  }
  const auto passed = (all[end].time - all[at].time) / 1'000;
  std::printf("%s\n  before\n", title);
  now.print();
  for (std::size_t i = at; i <= end; ++i) {
    now.apply(all[i]);
  }
  std::printf("  after, %lld us later\n",
              static_cast<long long>(passed));
  now.print();
  std::printf("\n");
}

// The event at which the processor of event `at` runs a goroutine
// again; `at` itself if it never does.
std::size_t runs_again(const events& all, std::size_t at) {
  for (std::size_t i = at + 1; i < all.size(); ++i) {
    const bool runs = all[i].kind == event_kind::started ||
                      all[i].kind == event_kind::resumed;
    if (runs && all[i].p == all[at].p) {
      return i;
    }
  }
  return at;
}

// Shows the first event of a kind that took at least `detail` along.
void show_first(const events& all, event_kind kind, const char* title,
                std::uint8_t detail = 0) {
  const auto found =
      std::ranges::find_if(all, [&](const trace_event& e) {
        return e.kind == kind && e.detail >= detail;
      });
  if (found == all.end()) {
    std::printf("%s: none in this run\n\n", title);
    return;
  }
  const auto at = static_cast<std::size_t>(found - all.begin());
  show(all, title, at, runs_again(all, at));
}

void write(const std::string& name, const std::string& text) {
  std::filesystem::create_directories("build/demo");
  std::ofstream file("build/demo/" + name);
  file << text;
  std::printf("%s: build/demo/%s\n", file ? "written" : "NOT written",
              name.c_str());
}

void print_schedtrace(const std::string& line) {
  const std::size_t middle = line.find(" spinning");
  std::printf("schedtrace() among the hogs:\n  %s\n   %s\n\n",
              line.substr(0, middle).c_str(),
              line.substr(middle).c_str());
}

void moments() {
  gmp::scheduler scheduler(
      {.processors = 2, .trace_events = std::size_t{1} << 16});
  std::string line;
  (void)scheduler.run([&] {
    be_stolen_from();
    block_threads();
    line = run_hogs(scheduler);
  });
  const events all = scheduler.trace();
  show_first(all, event_kind::stolen,
             "A steal: an idle processor takes half of another's queue",
             1);
  show_first(
      all, event_kind::blocked,
      "A hand-off: the processor leaves a thread that will block");
  show_first(all, event_kind::preempted,
             "A preemption: a hog is asked, and gives way at a call");
  show_first(
      all, event_kind::retaken,
      "A retake: a hog makes no call, so its processor leaves it");
  print_schedtrace(line);
  write("06_scheduler.json", gmp::chrome_json(all));
  write("06_scheduler.player.json", gmp::player_json(all));
}

std::size_t number(const char* name, std::size_t otherwise) {
  const char* const text = std::getenv(name);
  const long value = text == nullptr ? 0 : std::atol(text);
  return value > 0 ? static_cast<std::size_t>(value) : otherwise;
}

}  // namespace

int main() {
  document_004();
  moments();
  const std::size_t wanted = number("GOROUTINES", 1'000'000);
  const std::size_t n = std::min(wanted, workbook::that_fit());
  std::printf("\nResident memory of all that wait at once%s:\n",
              n < wanted ? " (fewer: free memory is short)" : "");
  const bool both =
      workbook::apart(workbook::goroutines, n) &&
      workbook::apart(workbook::threads, number("THREADS", 1'000));
  if (!both) {
    std::printf("failed\n");
  }
  return both ? 0 : 1;
}
