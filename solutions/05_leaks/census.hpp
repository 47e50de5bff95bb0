// What a process holds at one moment: threads, descriptors, timers.
//
// Book: chapter 5, "Leaks". Model: proc(5).

#pragma once

#include <dirent.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "birthplace.hpp"
//@ #include "grading/todo.hpp"
#include "thread_facts.hpp"

namespace workbook {

/// What is there, each under what tells it from all others.
struct census {
  std::map<thread_identity, std::string> threads = {};  // and names
  std::set<std::string> descriptors = {};  // "7 -> socket:[4711]"
  std::set<std::string> timers = {};  // "0", as timer_create counts
};

/// The numbers that are the names of the entries of `folder`, but for
/// the descriptor that is needed to read it. Empty if it is not there.
inline std::vector<int> numbers_in(const char* folder) {
  std::vector<int> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder),
                                                 closedir);
  if (open == nullptr) {
    return numbers;
  }
  const bool descriptors = std::string(folder).ends_with("/fd");
  while (const dirent* entry = readdir(open.get())) {
    const int number = std::atoi(entry->d_name);
    const bool own = descriptors && number == dirfd(open.get());
    if (entry->d_name[0] != '.' && !own) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

/// The threads of this process, but for the calling one. A thread that
/// ends meanwhile may be missing. O(threads), several files for each.
inline std::map<thread_identity, std::string> threads_now() {
  // [5.8 threads]
  //@ return todo<std::map<thread_identity, std::string>>("5.8");
  std::map<thread_identity, std::string> found;
  for (const pid_t each : numbers_in("/proc/self/task")) {
    const auto who = identity_in(task_file(each, "stat"));
    if (!who || each == ::gettid()) {
      continue;
    }
    std::string name = task_file(each, "comm");
    found.emplace(*who, name.substr(0, name.find('\n')));
  }
  return found;
  // [5.8 threads]
}

/// The open descriptors: number and what it stands for. A number that
/// is used again for something of the same name is the same for us.
inline std::set<std::string> descriptors_now() {
  std::set<std::string> found;
  for (const int each : numbers_in("/proc/self/fd")) {
    const std::string number = std::to_string(each);
    std::string target(256, '\0');
    const std::string link = "/proc/self/fd/" + number;
    const ssize_t length =
        ::readlink(link.c_str(), target.data(), target.size());
    if (length >= 0) {
      target.resize(static_cast<std::size_t>(length));
      found.insert(number + " -> " + target);
    }
  }
  return found;
}

/// The POSIX timers that timer_create made and timer_delete did not
/// end, by their numbers. A timerfd is a descriptor.
inline std::set<std::string> timers_now() {
  // [5.8 timers]
  //@ return todo<std::set<std::string>>("5.8");
  std::set<std::string> found;
  std::ifstream from("/proc/self/timers");
  std::string word;
  while (from >> word) {
    if (word == "ID:") {
      from >> word;
      found.insert(word);
    }
  }
  return found;
  // [5.8 timers]
}

inline census take_census() {
  return {threads_now(), descriptors_now(), timers_now()};
}

/// What is in `after` and was not in `before`. What has the same
/// number and is another thread is new; how many there are does not
/// matter. Pure.
inline census born_between(const census& before, const census& after) {
  // [5.8 born_between]
  //@ return todo<census>("5.8", before, after);
  census born;
  for (const auto& [who, name] : after.threads) {
    if (!before.threads.contains(who)) {
      born.threads.emplace(who, name);
    }
  }
  const auto subtract = [](const auto& from, const auto& what,
                           auto& into) {
    std::set_difference(from.begin(), from.end(), what.begin(),
                        what.end(),
                        std::inserter(into, into.end()));
  };
  subtract(after.descriptors, before.descriptors,
           born.descriptors);
  subtract(after.timers, before.timers, born.timers);
  return born;
  // [5.8 born_between]
}

}  // namespace workbook
