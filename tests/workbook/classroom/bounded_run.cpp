// Runs a program of which nothing good is expected.

#include "workbook/classroom/bounded_run.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "workbook/bounded_text.hpp"
#include "workbook/watchdog.hpp"

namespace workbook {

namespace {

void drain(int from, bounded_text& into) {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got <= 0) {
      return;
    }
    into.append({buffer.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace

bounded_result run_bounded(const child_request& wanted,
                           const test_limits& limits) {
  child process(wanted);
  watchdog guard(process.id(), limits);
  bounded_text output;
  bounded_result result;
  while (!process.reap()) {
    pollfd source{process.output(), POLLIN, 0};
    ::poll(&source, 1, 20);
    drain(process.output(), output);
    if (output.total() > limits.output_bytes) {
      result.stopped =
          fmt::format("printed more than {} MiB and was stopped",
                      limits.output_bytes >> 20U);
    } else if (const auto report = guard.look()) {
      result.stopped = report->message;
      result.infrastructure = report->status == verdict::infrastructure;
    }
    if (!result.stopped.empty()) {
      process.kill_all();
      break;
    }
  }
  drain(process.output(), output);
  result.output = output.text();
  if (result.stopped.empty()) {
    const int status = process.wait_status();
    result.status = WIFEXITED(status) ? WEXITSTATUS(status)
                                      : 128 + WTERMSIG(status);
  }
  return result;
}

}  // namespace workbook
