// Finds what was started since a moment and has not ended.
//
// Book: chapter 5, "Leaks". Model: Uber's goleak, for threads.
//
// Invariants:
//   (I1) before_ is what existed when the check was created, after the
//        warm-up. It includes the creating thread, and never changes.
//   (I2) What ends by itself within `wait_limit` is not a leak.

#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "grading/todo.hpp"
#include "process_snapshot.hpp"
#include "spawn_site.hpp"
#include "thread_facts.hpp"

namespace workbook {

enum class leak_kind { thread, descriptor, timer };

/// What was left behind. Only a thread has all the fields.
struct leak {
  leak_kind kind = leak_kind::thread;
  std::string name = {};     // or the descriptor; or the timer
  std::string creator = {};  // "src/file.cpp:12 function", or ""
  std::vector<void*> stack = {};  // the callers of spawn
  std::string waits_in = {};      // see workbook::waits_in
  double age = 0;                 // seconds
};

/// One line for a log.
inline std::string to_string(const leak& what) {
  if (what.kind == leak_kind::descriptor) {
    return "descriptor " + what.name;
  }
  if (what.kind == leak_kind::timer) {
    return "timer " + what.name;
  }
  return "thread \"" + what.name + "\", " +
         (what.creator.empty() ? "not started by spawn"
                               : "started at " + what.creator) +
         (what.waits_in == "running"
              ? ", runs, "
              : ", waits in " + what.waits_in + ", ") +
         std::to_string(what.age).substr(0, 5) + " s old";
}

struct leak_options {
  /// How long a thread may take to end. The pauses add up to it.
  std::chrono::nanoseconds wait_limit = std::chrono::seconds(1);
  /// Threads with exactly these names are ignored. The kernel keeps 15
  /// bytes of a name, so only the first 15 bytes of a longer entry
  /// count. A thread that was never named has its creator's name.
  std::vector<std::string> ignored_names = {};
  /// Threads that were spawned in these files are ignored. An entry is
  /// a base name without folders ("cache.cpp"), and must match exactly.
  /// It never matches a thread that spawn did not start.
  std::vector<std::string> ignored_creators = {};
  /// Called in order before the first snapshot. For runtimes that start
  /// a thread at their first use and keep it.
  std::vector<std::function<void()>> warm_up = {};
  /// Called for every pause; by default it sleeps.
  std::function<void(std::chrono::nanoseconds)> pause =
      [](std::chrono::nanoseconds time) {
        std::this_thread::sleep_for(time);
      };
};

/// leak_check finds what was started since its creation and still
/// exists. The calling thread of look() is never a leak, and neither is
/// the thread that created the check. Thread safety: none; other
/// threads may start and end meanwhile.
class leak_check {
 public:
  /// Calls warm_up, then takes the first snapshot.
  explicit leak_check(leak_options options = {});

  /// Returns what exists now and did not exist before, except what is
  /// ignored. Looks at once. While it finds anything, it pauses and
  /// looks again: first for 1 ms, then for twice as long each time,
  /// until the pauses add up to `wait_limit`.
  [[nodiscard]] std::vector<leak> look() const;

 private:
  std::vector<leak> look_once() const;
  bool is_ignored(const leak& what) const;

  leak_options options_;
  process_snapshot before_;
};

// ---- Implementation --------------------------------------------

inline leak_check::leak_check(leak_options options)
    : options_(std::move(options)) {
  // TODO(5.9): in which order? A different thread may call look.
  todo("5.9");
}

inline std::vector<leak> leak_check::look() const {
  return todo<std::vector<leak>>("5.9");
}

// What exists now and did not before, with everything known about it.
inline std::vector<leak> leak_check::look_once() const {
  const process_snapshot added =
      added_between(before_, take_snapshot());
  std::vector<leak> found;
  // TODO(5.9): every thread that is not ignored, with its facts.
  todo("5.9");
  for (const std::string& each : added.descriptors) {
    found.push_back({.kind = leak_kind::descriptor, .name = each});
  }
  for (const std::string& each : added.timers) {
    found.push_back({.kind = leak_kind::timer, .name = each});
  }
  return found;
}

inline bool leak_check::is_ignored(const leak& what) const {
  return todo<bool>("5.9", what);
}

}  // namespace workbook
