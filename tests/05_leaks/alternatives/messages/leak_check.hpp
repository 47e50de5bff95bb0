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

#include "process_snapshot.hpp"

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
  std::chrono::nanoseconds wait_limit = std::chrono::seconds(1);
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
      if (leaks.empty() || waited >= options_.wait_limit) {
        return leaks;
      }
      // After 1, 1+2, 1+2+4 ms the next pause is what was waited, + 1.
      const std::chrono::nanoseconds next = waited + milliseconds(1);
      const auto pause = std::min(next, options_.wait_limit - waited);
      options_.pause(pause);
      waited += pause;
    }
  }

 private:
  static process_snapshot warmed_up(const leak_options& options) {
    std::for_each(options.warm_up.begin(), options.warm_up.end(),
                  [](const auto& use) { use(); });
    process_snapshot all = take_snapshot();
    if (const auto self = identity_in(task_file(::gettid(), "stat"))) {
      all.threads[*self];
    }
    return all;
  }

  std::vector<leak> now() const {
    const process_snapshot added =
        added_between(before_, take_snapshot());
    std::vector<leak> leaks;
    for (const auto& [who, name] : added.threads) {
      leak each;
      each.name = name;
      each.waits_in = waits_in(who.id);
      each.age = seconds_since(who.began);
      std::string file;
      if (const auto at = spawn_registry::instance().find(who)) {
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
    add(leak_kind::descriptor, added.descriptors);
    add(leak_kind::timer, added.timers);
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
  process_snapshot before_;
};

}  // namespace workbook
