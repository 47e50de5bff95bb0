// Watches a running test and tells when it must be ended, and why.

#include "workbook/watchdog.hpp"

#include <fmt/format.h>

#include "workbook/interrupt.hpp"

namespace workbook {

namespace {

constexpr auto between_looks = std::chrono::milliseconds(200);
constexpr int fewest_looks = 8;

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

watch_report watchdog::cpu_used_up(const test_limits& limits) {
  return {verdict::timeout,
          fmt::format("ran {:g} s of processor time without ending: "
                      "an endless loop?",
                      limits.cpu_seconds)};
}

std::optional<watch_report> watchdog::look() {
  if (interrupted()) {
    return watch_report{verdict::infrastructure, "was interrupted"};
  }
  const clock::time_point now = clock::now();
  if (now < next_) {
    return std::nullopt;
  }
  next_ = now + between_looks;
  const process_snapshot seen = take_snapshot(session_);
  ++looks_;
  looks_runnable_ += seen.any_runnable() ? 1 : 0;
  if (auto report = too_much(seen)) {
    return report;
  }
  if (auto report = hang(seen)) {
    return report;
  }
  if (seconds(now - start_) > limits_.wall_seconds) {
    return out_of_time(seen);
  }
  return std::nullopt;
}

std::optional<watch_report> watchdog::too_much(
    const process_snapshot& seen) const {
  if (seen.cpu_seconds > limits_.cpu_seconds) {
    return cpu_used_up(limits_);
  }
  if (seen.processes > limits_.processes) {
    return watch_report{
        verdict::crash,
        fmt::format("started more than {} processes and was stopped",
                    limits_.processes)};
  }
  if (seen.resident_bytes > limits_.memory_bytes) {
    return watch_report{
        verdict::crash,
        fmt::format("used more than {} MiB of memory and was stopped",
                    limits_.memory_bytes >> 20U)};
  }
  return std::nullopt;
}

std::optional<watch_report> watchdog::hang(
    const process_snapshot& seen) {
  const bool still = !seen.threads.empty() && !seen.any_runnable() &&
                     seen.threads == last_.threads;
  last_ = seen;
  if (!still) {
    same_ = 0;
    same_since_ = clock::now();
    return std::nullopt;
  }
  ++same_;
  if (same_ < fewest_looks ||
      seconds(clock::now() - same_since_) < limits_.still_seconds) {
    return std::nullopt;
  }
  return watch_report{verdict::timeout, "hangs: no thread can go on; " +
                                            describe_waits(seen)};
}

watch_report watchdog::out_of_time(const process_snapshot& seen) const {
  // Threads that were nearly always asleep had the processor whenever
  // they wanted it: they poll for what never comes.
  if (looks_runnable_ * 10 < looks_) {
    return {verdict::timeout,
            fmt::format("did not end in {:g} s, and all its threads "
                        "mostly slept; now {}",
                        limits_.wall_seconds, describe_waits(seen))};
  }
  return {verdict::infrastructure,
          fmt::format("did not end in {:g} s on this loaded machine; "
                      "grade it again when it is quieter",
                      limits_.wall_seconds)};
}

}  // namespace workbook
