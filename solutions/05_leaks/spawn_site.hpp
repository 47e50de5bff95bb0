// Threads whose spawn site is recorded.
//
// Book: chapter 5, "Leaks". Model: the "created by" line of Go's
// goroutine dumps.

#pragma once

#include <execinfo.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "call_site.hpp"
//@ #include "grading/todo.hpp"
#include "thread_facts.hpp"

namespace workbook {

/// Identifies one thread. The kernel reuses a thread's number once the
/// thread has ended, so the start time is part of the identity.
struct thread_identity {
  pid_t id = 0;
  unsigned long long began = 0;  // ticks since the machine started
  auto operator<=>(const thread_identity&) const = default;
};

/// Parses the text of a task/*/stat file: "7 (name) S 1 …". The first
/// field is the thread's number, the second its name in parentheses,
/// the 22nd its start time. A name may contain blanks and parentheses.
/// Returns nothing if the text is incomplete: the thread has ended.
inline std::optional<thread_identity> identity_in(
    const std::string& stat) {
  // [5.9 identity]
  //@ return todo<std::optional<thread_identity>>("5.9", stat);
  std::size_t at = stat.rfind(')');
  if (at == std::string::npos) {
    return std::nullopt;
  }
  for (int field = 2; field < 22; ++field) {
    at = stat.find(' ', at + 1);
    if (at == std::string::npos) {
      return std::nullopt;
    }
  }
  return thread_identity{
      static_cast<pid_t>(std::strtol(stat.c_str(), nullptr, 10)),
      std::strtoull(stat.c_str() + at, nullptr, 10)};
  // [5.9 identity]
}

/// Where a thread was started.
struct spawn_site {
  call_site spawned;         // the call of spawn
  std::vector<void*> stack;  // its callers, innermost first
};

/// The spawn sites of the running threads that spawn started. Thread
/// safety: any member from any thread.
class spawn_registry {
 public:
  /// The registry of this process.
  static spawn_registry& instance() {
    static spawn_registry all;
    return all;
  }

  void add(const thread_identity& thread, spawn_site site) {
    std::scoped_lock lock(mutex_);
    all_.insert_or_assign(thread, std::move(site));
  }

  void remove(const thread_identity& thread) {
    std::scoped_lock lock(mutex_);
    all_.erase(thread);
  }

  std::optional<spawn_site> find(const thread_identity& thread) const {
    std::scoped_lock lock(mutex_);
    const auto found = all_.find(thread);
    return found == all_.end() ? std::nullopt
                               : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;  // guards all_
  std::map<thread_identity, spawn_site> all_;
};

/// The callers of the calling function, innermost first.
inline std::vector<void*> calling_stack() {
  std::array<void*, 24> calls = {};
  const int count =
      backtrace(calls.data(), static_cast<int>(calls.size()));
  return std::vector<void*>(calls.begin() + 1, calls.begin() + count);
}

/// Returns a std::jthread that runs f. Its spawn site is in the
/// registry from the return of spawn until f has ended. Throws
/// std::system_error if no thread can start. If f takes a stop token,
/// it receives the thread's own.
template <typename F>
std::jthread spawn(F f, call_site where = call_site::current()) {
  // [5.9 spawn]
  //@ // TODO(5.9): the new thread adds itself to the registry, and
  //@ // removes itself at its end; when may spawn return?
  //@ return todo<std::jthread>("5.9", f, where);
  std::promise<void> added;
  std::future<void> is_added = added.get_future();
  std::jthread started(
      [f = std::move(f), added = std::move(added),
       site = spawn_site{where, calling_stack()}](
          std::stop_token stop) mutable {
        const auto self =
            identity_in(task_file(::gettid(), "stat"))
                .value_or(thread_identity{});
        spawn_registry::instance().add(self, std::move(site));
        added.set_value();
        if constexpr (std::is_invocable_v<F, std::stop_token>) {
          f(std::move(stop));
        } else {
          f();
        }
        spawn_registry::instance().remove(self);
      });
  is_added.wait();
  return started;
  // [5.9 spawn]
}

}  // namespace workbook
