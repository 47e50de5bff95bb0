// The document's programme, on our runner: job n takes n seconds, and
// the exit code tells the ending. Run by the demo, and by its tests.

#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "runner.hpp"
#include "stoppable_sleep.hpp"

namespace workbook {

/// Runs three jobs of 0, 1 and 2 `second`s under `limit`; gives each
/// line of the transcript to `say`. 0: completed, 1: timed out,
/// 2: interrupted, 3: failed.
inline int document_programme(
    std::chrono::nanoseconds limit, std::stop_token interrupt,
    const std::function<void(const std::string&)>& say,
    std::chrono::nanoseconds second = std::chrono::seconds(1)) {
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  const auto log = [&](const std::string& line) {
    const std::chrono::duration<double> at = clock::now() - start;
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "%4.1f s  ", at.count());
    say(stamp + line);
  };

  const auto on_overdue = [&](int id, std::chrono::nanoseconds) {
    log("job " + std::to_string(id) + " does not heed");
  };
  runner jobs(limit, {.grace = second, .on_overdue = on_overdue});
  for (int i = 0; i < 3; ++i) {
    jobs.add([&](std::stop_token stop, int id) {
      const std::string job = "job " + std::to_string(id);
      log(job + " starts");
      const bool whole = stoppable_sleep(std::move(stop), id * second);
      log(job + (whole ? " ends" : " breaks off"));
    });
  }
  const run_report told = jobs.run(std::move(interrupt));
  log(std::string(name_of(told.how)) + ", " +
      std::to_string(told.ended.size()) + " jobs were started");
  if (told.stopped) {
    log("job " + std::to_string(told.stopped->id) + " was stopped");
  }
  switch (told.how) {
    case outcome::completed:
      return 0;
    case outcome::timed_out:
      return 1;
    case outcome::interrupted:
      return 2;
    case outcome::failed:
      break;
  }
  return 3;
}

}  // namespace workbook
