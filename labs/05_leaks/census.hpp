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
#include "grading/todo.hpp"
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
  return todo<std::map<thread_identity, std::string>>("5.8");
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
  return todo<std::set<std::string>>("5.8");
}

inline census take_census() {
  return {threads_now(), descriptors_now(), timers_now()};
}

/// What is in `after` and was not in `before`. What has the same
/// number and is another thread is new; how many there are does not
/// matter. Pure.
inline census born_between(const census& before, const census& after) {
  return todo<census>("5.8", before, after);
}

}  // namespace workbook
