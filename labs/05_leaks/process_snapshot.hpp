// The threads, descriptors and timers of a process at one moment.
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

#include "grading/todo.hpp"
#include "spawn_site.hpp"
#include "thread_facts.hpp"

namespace workbook {

/// Everything that exists, each under its identity.
struct process_snapshot {
  std::map<thread_identity, std::string> threads = {};  // and names
  std::set<std::string> descriptors = {};  // "7 -> socket:[4711]"
  std::set<std::string> timers = {};  // "0", as timer_create counts
};

/// The entries of `folder` whose names are numbers, without the
/// descriptor that reads it. Empty if there is no such folder.
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

/// The threads of this process except the calling one, with their
/// names. A thread that ends meanwhile may be missing. O(threads), with
/// several file reads for each.
inline std::map<thread_identity, std::string> threads_now() {
  return todo<std::map<thread_identity, std::string>>("5.9");
}

/// The open descriptors, as number and target. A number that is reused
/// for a target of the same name counts as the same descriptor.
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

/// The POSIX timers from timer_create that were not deleted, by their
/// numbers. A timerfd is a descriptor.
inline std::set<std::string> timers_now() {
  return todo<std::set<std::string>>("5.9");
}

inline process_snapshot take_snapshot() {
  return {threads_now(), descriptors_now(), timers_now()};
}

/// Returns what is in `after` and not in `before`. Another thread with
/// the same number is new. Counts do not matter. Pure.
inline process_snapshot added_between(const process_snapshot& before,
                                      const process_snapshot& after) {
  return todo<process_snapshot>("5.9", before, after);
}

}  // namespace workbook
