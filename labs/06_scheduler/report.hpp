// What the scheduler says: leaks, deadlocks, overflows, a line of state.
//
// Book: chapter 6, steps 6.9 and 6.12. Given: nothing here is left to
// write. Model: Go's traceback and schedtrace.

#pragma once

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "machine.hpp"
#include "scheduler.hpp"

namespace workbook::gmp {

inline const char* text_of(wait_reason why) {
  static constexpr std::array words = {"may run",
                                       "waits in join",
                                       "sleeps",
                                       "waits to send to",
                                       "waits to receive from",
                                       "waits in select",
                                       "waits to lock",
                                       "waits for a notification of",
                                       "waits for wait group",
                                       "waits for descriptor"};
  return words[static_cast<std::size_t>(why)];
}

inline std::string goroutine_info::text() const {
  std::string line = "goroutine " + std::to_string(id);
  if (!name.empty()) {
    line += " \"" + name + "\"";
  }
  line += " (" + started + ") ";
  line += unstarted ? "has not started" : text_of(waits);
  if (object != nullptr) {
    std::array<char, 32> address;
    std::snprintf(address.data(), address.size(), " %p", object);
    line += address.data();
  }
  if (!unstarted && waits != wait_reason::none) {
    line +=
        " for " + std::to_string(waiting.count() / 1'000'000) + " ms";
  }
  return line;
}

inline deadlock::deadlock(std::vector<goroutine_info> waiting)
    : std::runtime_error([&] {
        std::string all =
            "deadlock: every goroutine waits, and nothing can wake one";
        for (const goroutine_info& each : waiting) {
          all += "\n  " + each.text();
        }
        return all;
      }()),
      goroutines_(std::move(waiting)) {}

inline goroutine_info scheduler::describe(const goroutine& g) const {
  goroutine_info info{.id = g.id,
                      .name = g.name == nullptr ? "" : g.name};
  const std::string file = g.started.file_name();
  info.started = file.substr(file.rfind('/') + 1) + ":" +
                 std::to_string(g.started.line());
  info.unstarted = g.on == nullptr;
  if (!info.unstarted) {
    info.waits = g.on->waits;
    info.object =
        info.waits == wait_reason::none ? nullptr : g.on->waits_for;
    info.waiting = std::chrono::nanoseconds(now() - g.on->since);
  }
  return info;
}

/// All that have not ended, in the order of their ids. Nothing may run
/// meanwhile.
inline std::vector<goroutine_info> scheduler::all_goroutines() {
  std::vector<goroutine_info> all;
  goroutines_.for_each([&](const goroutine& g) {
    if (g.owner.load() != goroutine::ended) {
      all.push_back(describe(g));
    }
  });
  std::ranges::sort(all, {}, &goroutine_info::id);
  return all;
}

inline std::string scheduler::schedtrace() {
  std::scoped_lock lock(mutex_);
  std::string line =
      "SCHED " + std::to_string(now() / 1'000'000) +
      "ms: processors=" + std::to_string(processors_.size()) +
      " idle=" + std::to_string(idle_processors_.size()) +
      " machines=" + std::to_string(machines_.size()) +
      " spinning=" + std::to_string(spinning_.load()) +
      " idlemachines=" + std::to_string(idle_machines_.size()) +
      " global=" + std::to_string(global_.size()) + " [";
  for (const auto& each : processors_) {
    line += (each->id == 0 ? "" : " ") +
            std::to_string(each->queue.size() +
                           (each->runnext.load() != nullptr ? 1 : 0));
  }
  return line + "]";
}

// ---- Stacks that overflow ----------------------------------------

/// Reports that the goroutine on `which` has used up its stack, and
/// ends the process. Safe in a signal handler.
[[noreturn]] inline void report_overflow(const stack* which) {
  const goroutine* const g = which == nullptr ? nullptr : which->runs;
  std::array<char, 256> line;
  const int length = std::snprintf(
      line.data(), line.size(),
      "the stack of goroutine %llu \"%s\" (%s:%u) overflowed; "
      "options::stack_size is too small for it\n",
      g == nullptr ? 0ull : static_cast<unsigned long long>(g->id),
      g == nullptr || g->name == nullptr ? "" : g->name,
      g == nullptr ? "?" : g->started.file_name(),
      g == nullptr ? 0u : g->started.line());
  [[maybe_unused]] const auto written = ::write(
      STDERR_FILENO, line.data(), static_cast<std::size_t>(length));
  std::abort();
}

// Called at each switch: what a guard page would have caught at once,
// where the system has none.
inline void check_overflow(stack& from, stack& to) {
  const auto* const here_on_stack =
      static_cast<const char*>(__builtin_frame_address(0));
  if (from.low != nullptr && here_on_stack < from.low + 1024)
      [[unlikely]] {
    report_overflow(&from);
  }
  if (to.canary != stack::unharmed) [[unlikely]] {
    // Written by the stack above, whose control block is that far off.
    const std::size_t distance = here()->home.stacks_.stack_size();
    report_overflow(std::launder(reinterpret_cast<stack*>(
        reinterpret_cast<char*>(&to) + distance)));
  }
}

/// A second stack for the calling thread's signal handlers, and a
/// handler that names the goroutine whose stack has overflowed. One
/// that the program has installed is left alone.
class overflow_watch {
 public:
  overflow_watch() {
    const stack_t second = {.ss_sp = memory_.data(),
                            .ss_flags = 0,
                            .ss_size = memory_.size()};
    ::sigaltstack(&second, &before_);
    struct sigaction present = {};
    ::sigaction(SIGSEGV, nullptr, &present);
    if (present.sa_handler == SIG_DFL) {
      struct sigaction wanted = {};
      wanted.sa_sigaction = on_fault;
      wanted.sa_flags = SA_SIGINFO | SA_ONSTACK;
      ::sigaction(SIGSEGV, &wanted, nullptr);
    }
  }
  overflow_watch(const overflow_watch&) = delete;
  overflow_watch& operator=(const overflow_watch&) = delete;
  ~overflow_watch() {
    before_.ss_size = std::max(before_.ss_size, memory_.size());
    ::sigaltstack(&before_, nullptr);
  }

 private:
  static void on_fault(int signal, siginfo_t* about, void*) {
    const machine* const m = here();
    if (m != nullptr && m->current->low != nullptr) {
      const auto* const at = static_cast<const char*>(about->si_addr);
      const char* const low = m->current->low;
      if (at >= low - stack_pool::page && at < low + stack_pool::page) {
        report_overflow(m->current);
      }
    }
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);  // and fault again
  }

  std::array<char, 64 * 1024> memory_;
  stack_t before_ = {};
};

}  // namespace workbook::gmp
