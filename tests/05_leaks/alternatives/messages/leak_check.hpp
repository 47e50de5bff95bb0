// Correct: the pauses are reckoned from the time that has been waited.

#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "census.hpp"

namespace workbook {

enum class leak_kind { thread, descriptor, timer };

struct leak {
  leak_kind kind = leak_kind::thread;
  std::string name = {};
  std::string creator = {};
  std::vector<void*> stack = {};
  std::string waits_in = {};
  double age = 0;
};

inline std::string to_string(const leak& what) {
  std::ostringstream text;
  switch (what.kind) {
    case leak_kind::descriptor:
      text << "descriptor " << what.name;
      break;
    case leak_kind::timer:
      text << "timer " << what.name;
      break;
    default:
      text << "thread " << what.name << " of " << what.creator << " in "
           << what.waits_in << " since " << what.age << " s";
  }
  return text.str();
}

struct leak_options {
  std::chrono::nanoseconds patience = std::chrono::seconds(1);
  std::vector<std::string> ignored_names = {};
  std::vector<std::string> ignored_creators = {};
  std::vector<std::function<void()>> warm_up = {};
  std::function<void(std::chrono::nanoseconds)> pause =
      [](std::chrono::nanoseconds time) {
        std::this_thread::sleep_for(time);
      };
};

class leak_check {
 public:
  explicit leak_check(leak_options options = {})
      : options_(std::move(options)), before_(warmed_up(options_)) {}

  [[nodiscard]] std::vector<leak> look() const {
    using std::chrono::milliseconds;
    std::chrono::nanoseconds waited(0);
    for (auto leaks = now();; leaks = now()) {
      if (leaks.empty() || waited >= options_.patience) {
        return leaks;
      }
      // After 1, 1+2, 1+2+4 ms the next pause is what was waited, + 1.
      const std::chrono::nanoseconds next = waited + milliseconds(1);
      const auto pause = std::min(next, options_.patience - waited);
      options_.pause(pause);
      waited += pause;
    }
  }

 private:
  static census warmed_up(const leak_options& options) {
    std::for_each(options.warm_up.begin(), options.warm_up.end(),
                  [](const auto& use) { use(); });
    census all = take_census();
    if (const auto self = identity_in(task_file(::gettid(), "stat"))) {
      all.threads[*self];
    }
    return all;
  }

  std::vector<leak> now() const {
    const census born = born_between(before_, take_census());
    std::vector<leak> leaks;
    for (const auto& [who, name] : born.threads) {
      leak each;
      each.name = name;
      each.waits_in = waits_in(who.id);
      each.age = seconds_since(who.began);
      std::string file;
      if (const auto at = birth_register::here().find(who)) {
        file = std::filesystem::path(at->spawned.file_name())
                   .filename()
                   .string();
        each.stack = at->stack;
        each.creator = std::string(at->spawned.file_name()) + ":" +
                       std::to_string(at->spawned.line());
      }
      if (!is_in(options_.ignored_names, name, 15) &&
          (file.empty() ||
           !is_in(options_.ignored_creators, file, file.size() + 1))) {
        leaks.push_back(each);
      }
    }
    const auto add = [&](leak_kind kind, const auto& names) {
      for (const std::string& name : names) {
        leaks.push_back({.kind = kind, .name = name});
      }
    };
    add(leak_kind::descriptor, born.descriptors);
    add(leak_kind::timer, born.timers);
    return leaks;
  }

  static bool is_in(const std::vector<std::string>& names,
                    const std::string& what, std::size_t bytes) {
    for (std::string each : names) {
      each.resize(std::min(each.size(), bytes));
      if (each == what) {
        return true;
      }
    }
    return false;
  }

  leak_options options_;
  census before_;
};

}  // namespace workbook
