// Runs one graded test in a process of its own and judges how it
// ended.

#include "workbook/run_test.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>

#include "workbook/bounded_text.hpp"
#include "workbook/child.hpp"
#include "workbook/event_channel.hpp"
#include "workbook/problem.hpp"
#include "workbook/watchdog.hpp"

namespace workbook {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t channel_limit = 16UL << 20U;

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

child_request request_for(const test_request& wanted) {
  child_request request;
  request.command = wanted.launcher;
  request.command.insert(
      request.command.end(),
      {wanted.program.string(), "--gtest_filter=" + wanted.name,
       "--gtest_color=no"});
  request.folder = wanted.folder;
  request.environment = wanted.environment;
  request.cpu_seconds =
      static_cast<unsigned>(wanted.limits.cpu_seconds) + 1;
  request.fixed_addresses = wanted.fixed_addresses;
  request.has_channel = true;
  return request;
}

/// Reads what is there. False once there will be no more.
template <typename Sink>
bool drain(int from, Sink& sink) {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got > 0) {
      sink.append({buffer.data(), static_cast<std::size_t>(got)});
      return true;
    }
    if (got == 0) {
      return false;
    }
    if (errno != EINTR) {
      return errno == EAGAIN;
    }
  }
}

/// One test while it runs.
class one_run {
 public:
  explicit one_run(const test_request& wanted)
      : wanted_(wanted),
        child_(request_for(wanted)),
        watchdog_(child_.id(), wanted.limits) {}

  outcome finish() {
    while (!child_.reap() && !ended_early_) {
      wait_a_little();
      look();
    }
    if (ended_early_) {
      child_.kill_all();
    }
    // What was written before the end is still in the pipes; what
    // comes from survivors is bounded by the pipes' own size.
    for (int round = 0; round < 64; ++round) {
      const std::size_t before = output_.total() + channel_.total();
      drain(child_.output(), output_);
      drain(child_.channel(), channel_);
      if (output_.total() + channel_.total() == before) {
        break;
      }
    }
    outcome result = judge();
    result.output = output_.text();
    result.duration = seconds_since(start_);
    return result;
  }

 private:
  void wait_a_little() {
    std::array<pollfd, 3> sources = {
        {{output_open_ ? child_.output() : -1, POLLIN, 0},
         {channel_open_ ? child_.channel() : -1, POLLIN, 0},
         {child_.ended(), POLLIN, 0}}};
    const int longest = child_.ended() >= 0 ? 100 : 10;
    ::poll(sources.data(), sources.size(), longest);
    if (sources[0].revents != 0) {
      output_open_ = drain(child_.output(), output_);
    }
    if (sources[1].revents != 0) {
      channel_open_ = drain(child_.channel(), channel_);
    }
  }

  void look() {
    if (output_.total() > wanted_.limits.output_bytes) {
      ended_early_ = watch_report{
          verdict::crash,
          fmt::format("wrote more than {} MiB of output and was "
                      "stopped: a loop that prints?",
                      wanted_.limits.output_bytes >> 20U)};
    } else if (channel_.total() > channel_limit) {
      ended_early_ =
          watch_report{verdict::crash, "flooded the grader's channel"};
    } else {
      ended_early_ = watchdog_.look();
    }
  }

  outcome judge() {
    outcome result = channel_.facts;
    if (!channel_.step_not_written.empty()) {
      result.status = verdict::not_written;
      result.step_not_written = channel_.step_not_written;
      result.message = fmt::format("step {} is not written yet",
                                   channel_.step_not_written);
    } else if (ended_early_) {
      result.status = ended_early_->status;
      result.message = ended_early_->message;
      add_failures(result.message);
    } else if (!channel_.infrastructure.empty()) {
      result.status = verdict::infrastructure;
      result.message = channel_.infrastructure;
    } else if (!channel_.unavailable.empty()) {
      result.status = verdict::not_run;
      result.message = channel_.unavailable;
      result.unavailable = true;
    } else {
      judge_own_end(result);
    }
    return result;
  }

  void judge_own_end(outcome& result) {
    const int status = child_.wait_status();
    const bool clean = WIFEXITED(status) && channel_.ended;
    if (clean && channel_.passed && channel_.failures.empty() &&
        WEXITSTATUS(status) == 0) {
      result.status = verdict::pass;
      check_schedules(result);
      return;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
      const watch_report report = watchdog::cpu_used_up(wanted_.limits);
      result.status = report.status;
      result.message = report.message;
    } else if (!channel_.failures.empty()) {
      result.status = verdict::fail;
    } else if (clean && !channel_.passed) {
      result.status = verdict::fail;
      result.message = "failed without saying why";
    } else {
      result.status = verdict::crash;
    }
    add_failures(result.message);
    if (!clean && result.status != verdict::timeout) {
      add_end(status, result);
    }
  }

  /// A pass that tried less than its test declares is none.
  void check_schedules(outcome& result) const {
    const bool on_threads = result.strategy.starts_with("real threads");
    if (wanted_.schedules < 0 || on_threads) {
      return;
    }
    // Such a search ends when there is nothing more to try.
    const bool complete =
        wanted_.exhaustive >= 0 && result.strategy == "exhaustive";
    const auto tried = result.schedules.value_or(0);
    if (!complete && tried < wanted_.schedules) {
      result.status = verdict::fail;
      result.message = fmt::format(
          "passed after {} of the {} schedules that the test declares",
          tried, wanted_.schedules);
    }
  }

  void add_failures(std::string& message) {
    for (const std::string& failure : channel_.failures) {
      message += (message.empty() ? "" : "\n") + failure;
    }
  }

  void add_end(int status, outcome& result) {
    std::string& message = result.message;
    message += message.empty() ? "" : "\nand then: ";
    if (WIFSIGNALED(status)) {
      const int signal = WTERMSIG(status);
      message +=
          fmt::format("ended by SIG{} ({})", ::sigabbrev_np(signal),
                      ::sigdescr_np(signal));
    } else if (WEXITSTATUS(status) == 126 && !channel_.began) {
      result.status = verdict::infrastructure;
      message += "could not be started";
    } else {
      message +=
          fmt::format("the process ended with exit status {} {}",
                      WEXITSTATUS(status),
                      channel_.ended   ? "after the test"
                      : channel_.began ? "in the middle of the test"
                                       : "before the test began");
    }
    const std::string said = output_.last_lines(6);
    if (!said.empty()) {
      message += "\nthe last that it printed:\n" + said;
    }
  }

  const test_request& wanted_;
  clock::time_point start_ = clock::now();
  child child_;
  watchdog watchdog_;
  bounded_text output_;
  event_channel channel_{child_.word()};
  bool output_open_ = true;
  bool channel_open_ = true;
  std::optional<watch_report> ended_early_;
};

}  // namespace

outcome run_test(const test_request& wanted) {
  try {
    if (!std::filesystem::exists(wanted.program)) {
      throw problem("{}: is not there", wanted.program.string());
    }
    return one_run(wanted).finish();
  } catch (const problem& trouble) {
    outcome result;
    result.status = verdict::infrastructure;
    result.message = trouble.what();
    return result;
  }
}

}  // namespace workbook
