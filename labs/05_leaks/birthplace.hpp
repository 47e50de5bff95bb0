// Threads that remember where they were started.
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

#include "call_place.hpp"
#include "grading/todo.hpp"
#include "thread_facts.hpp"

namespace workbook {

/// A thread, and no other that ever was or will be: the kernel uses the
/// number again as soon as the thread has ended, so the time at which
/// it began belongs to it.
struct thread_identity {
  pid_t id = 0;
  unsigned long long began = 0;  // ticks since the machine started
  auto operator<=>(const thread_identity&) const = default;
};

/// The identity in the text of a task/*/stat: "7 (name) S 1 …", where
/// the first field is the number of the thread, the second its name in
/// parentheses, and the 22nd the time at which it began. A name may
/// hold anything, blanks and parentheses too. Nothing if the text is
/// none: the thread is gone. O(text).
inline std::optional<thread_identity> identity_in(
    const std::string& stat) {
  return todo<std::optional<thread_identity>>("5.8", stat);
}

/// Where a thread was started.
struct birthplace {
  call_place spawned;  // the call of spawn
  std::vector<void*> stack;      // who called that, innermost first
};

/// The birthplaces of the threads that run, as far as spawn started
/// them. Thread safety: any member from any thread.
class birth_register {
 public:
  /// The one of this process.
  static birth_register& here() {
    static birth_register all;
    return all;
  }

  void add(const thread_identity& who, birthplace where) {
    std::scoped_lock lock(mutex_);
    all_.insert_or_assign(who, std::move(where));
  }

  void remove(const thread_identity& who) {
    std::scoped_lock lock(mutex_);
    all_.erase(who);
  }

  std::optional<birthplace> find(const thread_identity& who) const {
    std::scoped_lock lock(mutex_);
    const auto found = all_.find(who);
    return found == all_.end() ? std::nullopt
                               : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;  // guards all_
  std::map<thread_identity, birthplace> all_;
};

/// The calls that lead here, innermost first, without this one.
inline std::vector<void*> calls_that_lead_here() {
  std::array<void*, 24> calls = {};
  const int count =
      backtrace(calls.data(), static_cast<int>(calls.size()));
  return std::vector<void*>(calls.begin() + 1, calls.begin() + count);
}

/// A std::jthread(f) whose birthplace is known as long as f runs, from
/// the moment at which spawn returns. Throws std::system_error if the
/// system has no thread left.
template <typename F>
std::jthread spawn(F f, call_place where = call_place::current()) {
  // TODO(5.8): the new thread adds itself to the register, and
  // removes itself at its end; spawn returns when it is known.
  return todo<std::jthread>("5.8", f, where);
}

}  // namespace workbook
