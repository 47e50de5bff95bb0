#include "real_threads.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace explore {
namespace {

using clock = std::chrono::steady_clock;

constexpr int looks_until_settled = 3;
constexpr auto longest_settle = std::chrono::seconds(2);

}  // namespace

thread_census take_census() {
  thread_census taken;
  DIR* const folder = opendir("/proc/self/task");
  const std::string self = std::to_string(gettid());
  while (const dirent* each = readdir(folder)) {
    const std::string id = each->d_name;
    if (id[0] == '.' || id == self) {
      continue;
    }
    std::ifstream file("/proc/self/task/" + id + "/stat");
    std::string line;
    std::getline(file, line);
    const auto state = line.rfind(") ");
    taken.all += state == std::string::npos ? 0 : 1;
    taken.resting +=
        state != std::string::npos && line[state + 2] == 'S' ? 1 : 0;
  }
  closedir(folder);
  return taken;
}

void wait_until_all_rest() {
  const auto until = clock::now() + longest_settle;
  for (int rested = 0;
       rested < looks_until_settled && clock::now() < until;) {
    std::this_thread::sleep_for(look_every);
    const thread_census taken = take_census();
    rested = taken.resting == taken.all ? rested + 1 : 0;
  }
}

int runtimes_threads() {
  std::thread([] {}).join();
  int fewest = take_census().all;
  for (int looks = 0; looks < looks_until_settled; ++looks) {
    std::this_thread::sleep_for(look_every);
    fewest = std::min(fewest, take_census().all);
  }
  return fewest;
}

}  // namespace explore
