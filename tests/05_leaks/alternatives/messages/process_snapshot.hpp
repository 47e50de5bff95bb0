// Correct: std::filesystem reads the folders, and its own descriptor is
// closed again before the links are read.

#pragma once

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "spawn_site.hpp"
#include "thread_facts.hpp"

namespace workbook {

struct process_snapshot {
  std::map<thread_identity, std::string> threads = {};
  std::set<std::string> descriptors = {};
  std::set<std::string> timers = {};
};

inline std::map<thread_identity, std::string> threads_now() {
  std::map<thread_identity, std::string> found;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/task")) {
    const int id = std::stoi(entry.path().filename().string());
    const auto who = identity_in(task_file(id, "stat"));
    std::string name = task_file(id, "comm");
    if (id != ::gettid() && who) {
      if (!name.empty()) {
        name.pop_back();  // the end of the line
      }
      found[*who] = name;
    }
  }
  return found;
}

inline std::set<std::string> descriptors_now() {
  std::vector<std::filesystem::path> links;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    links.push_back(entry.path());
  }
  std::set<std::string> found;
  for (const auto& link : links) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(link, gone);
    if (!gone) {
      found.insert(link.filename().string() + " -> " + target.string());
    }
  }
  return found;
}

inline std::set<std::string> timers_now() {
  std::set<std::string> found;
  std::ifstream from("/proc/self/timers");
  for (std::string line; std::getline(from, line);) {
    if (line.starts_with("ID: ")) {
      found.insert(line.substr(4));
    }
  }
  return found;
}

inline process_snapshot take_snapshot() {
  return {threads_now(), descriptors_now(), timers_now()};
}

inline process_snapshot added_between(const process_snapshot& before,
                                      const process_snapshot& after) {
  process_snapshot added = after;
  std::erase_if(added.threads, [&](const auto& each) {
    return before.threads.count(each.first) != 0;
  });
  const auto is_in = [](const std::set<std::string>& old) {
    return [&](const std::string& each) { return old.contains(each); };
  };
  std::erase_if(added.descriptors, is_in(before.descriptors));
  std::erase_if(added.timers, is_in(before.timers));
  return added;
}

}  // namespace workbook
