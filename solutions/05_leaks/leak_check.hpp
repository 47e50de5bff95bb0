// Finds what was started between two moments, and has not ended.
//
// Book: chapter 5, "Leaks". Model: Uber's goleak, for threads.
//
// Invariants:
//   (I1) before_ is what was there when the check was made, after the
//        runtimes were warmed up, the thread that made it included; it
//        never changes.
//   (I2) Nothing is a leak that ends by itself within `patience`.

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

#include "birthplace.hpp"
#include "census.hpp"
//@ #include "grading/todo.hpp"
#include "thread_facts.hpp"

namespace workbook {

enum class leak_kind { thread, descriptor, timer };

/// What was left behind. Only threads have all of it.
struct leak {
  leak_kind kind = leak_kind::thread;
  std::string name = {};     // or the descriptor; or the timer
  std::string creator = {};  // "file.cpp:12 function", if spawned
  std::vector<void*> stack = {};  // the calls that led to spawn
  std::string waits_in = {};      // see workbook::waits_in
  double age = 0;                 // seconds
};

/// One line for people.
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
  std::chrono::nanoseconds patience = std::chrono::seconds(1);
  /// Threads of exactly these names are nobody's leak. The kernel keeps
  /// 15 bytes of a name: of a longer one here, the first 15 count. A
  /// thread that nobody named has the name of its creator.
  std::vector<std::string> ignored_names = {};
  /// Nor are threads that were spawned in these files ("cache.cpp"). A
  /// thread that spawn did not start was spawned in none.
  std::vector<std::string> ignored_creators = {};
  /// Called before the first census: the first use of whatever keeps a
  /// thread of its own from then on.
  std::vector<std::function<void()>> warm_up = {};
  /// Lets time pass.
  std::function<void(std::chrono::nanoseconds)> pause =
      [](std::chrono::nanoseconds time) {
        std::this_thread::sleep_for(time);
      };
};

/// leak_check tells what was started since it was made, and is still
/// there. Threads are those of this process, but for the one that
/// looks, which need not be the one that made it. Thread safety: none;
/// other threads may come and go.
class leak_check {
 public:
  /// Warms up, then takes the first census.
  explicit leak_check(leak_options options = {});

  /// What is there and was not, less what is ignored; empty if there
  /// are no leaks. Looks at once; as long as it finds any, it pauses
  /// and looks again: first for a millisecond, then for twice as long
  /// each time, until the pauses add up to `patience`.
  [[nodiscard]] std::vector<leak> look() const;

 private:
  std::vector<leak> look_once() const;
  bool is_ignored(const leak& what) const;

  leak_options options_;
  census before_;
};

// ---- Implementation --------------------------------------------

inline leak_check::leak_check(leak_options options)
    : options_(std::move(options)) {
  // [5.8 warm up]
  //@ // TODO(5.8): in which order? And who looks later may be
  //@ // another thread than this one.
  //@ todo("5.8");
  for (const auto& use : options_.warm_up) {
    use();
  }
  before_ = take_census();
  if (const auto maker =
          identity_in(task_file(::gettid(), "stat"))) {
    before_.threads.emplace(*maker, "the maker");
  }
  // [5.8 warm up]
}

inline std::vector<leak> leak_check::look() const {
  // [5.8 look]
  //@ return todo<std::vector<leak>>("5.8");
  std::chrono::nanoseconds next = std::chrono::milliseconds(1);
  std::chrono::nanoseconds left = options_.patience;
  std::vector<leak> found = look_once();
  while (!found.empty() && left > left.zero()) {
    next = std::min(next, left);
    options_.pause(next);
    left -= next;
    next *= 2;
    found = look_once();
  }
  return found;
  // [5.8 look]
}

// What is there now and was not, with all that is known of it.
inline std::vector<leak> leak_check::look_once() const {
  const census born = born_between(before_, take_census());
  std::vector<leak> found;
  // [5.8 describe]
  //@ // TODO(5.8): every thread that is not ignored, with its facts.
  //@ todo("5.8");
  for (const auto& [who, name] : born.threads) {
    leak what = {.name = name,
                 .waits_in = waits_in(who.id),
                 .age = seconds_since(who.began)};
    if (auto born_at = birth_register::here().find(who)) {
      const call_place& at = born_at->spawned;
      what.creator = std::string(at.file_name()) + ":" +
                     std::to_string(at.line()) + " " +
                     at.function_name();
      what.stack = std::move(born_at->stack);
    }
    if (!is_ignored(what)) {
      found.push_back(std::move(what));
    }
  }
  // [5.8 describe]
  for (const std::string& each : born.descriptors) {
    found.push_back({.kind = leak_kind::descriptor, .name = each});
  }
  for (const std::string& each : born.timers) {
    found.push_back({.kind = leak_kind::timer, .name = each});
  }
  return found;
}

inline bool leak_check::is_ignored(const leak& what) const {
  // [5.8 ignored]
  //@ return todo<bool>("5.8", what);
  const auto is_name = [&](const std::string& each) {
    return each.substr(0, 15) == what.name;
  };
  // "src/cache.cpp:12 run" was spawned in "cache.cpp".
  const std::string place =
      "/" + what.creator.substr(0, what.creator.find(':')) + ":";
  const auto is_creator = [&](const std::string& each) {
    return !what.creator.empty() &&
           place.ends_with("/" + each + ":");
  };
  return std::any_of(options_.ignored_names.begin(),
                     options_.ignored_names.end(), is_name) ||
         std::any_of(options_.ignored_creators.begin(),
                     options_.ignored_creators.end(),
                     is_creator);
  // [5.8 ignored]
}

}  // namespace workbook
