// Watches a running test and tells when it must be ended, and why.
//
// Book: appendix "How your work is graded".

#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "workbook/process_snapshot.hpp"
#include "workbook/run_test.hpp"

namespace workbook {

/// Why a test was ended.
struct watch_report {
  verdict status = verdict::infrastructure;
  std::string message;
};

class watchdog {
 public:
  watchdog(pid_t session, const test_limits& limits)
      : session_(session), limits_(limits) {}

  /// Looks at the session now and then; a report means: end it. To be
  /// called often; most calls cost one reading of a clock.
  std::optional<watch_report> look();

  /// The report on a test that used up its processor time.
  static watch_report cpu_used_up(const test_limits& limits);

 private:
  using clock = std::chrono::steady_clock;

  std::optional<watch_report> too_much(
      const process_snapshot& seen) const;
  std::optional<watch_report> hang(const process_snapshot& seen);
  [[nodiscard]] watch_report out_of_time(
      const process_snapshot& seen) const;

  pid_t session_;
  test_limits limits_;
  clock::time_point start_ = clock::now();
  clock::time_point next_ = start_ + std::chrono::milliseconds(200);
  process_snapshot last_;
  int same_ = 0;  // how often in a row nothing had run
  clock::time_point same_since_ = start_;
  int looks_ = 0;
  int looks_runnable_ = 0;
};

}  // namespace workbook
