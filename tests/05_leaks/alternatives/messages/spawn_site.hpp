// Correct: stat is read as words, and spawn meets its thread at a
// semaphore.

#pragma once

#include <execinfo.h>
#include <unistd.h>

#include <compare>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "call_site.hpp"
#include "thread_facts.hpp"

namespace workbook {

struct thread_identity {
  pid_t id = 0;
  unsigned long long began = 0;
  auto operator<=>(const thread_identity&) const = default;
};

inline std::optional<thread_identity> identity_in(
    const std::string& stat) {
  if (stat.empty()) {
    return std::nullopt;
  }
  thread_identity who;
  std::istringstream(stat) >> who.id;
  std::istringstream rest(stat.substr(stat.find_last_of(')') + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) {
    rest >> skipped;
  }
  rest >> who.began;
  return rest ? std::optional(who) : std::nullopt;
}

struct spawn_site {
  call_site spawned;
  std::vector<void*> stack;
};

class spawn_registry {
 public:
  static spawn_registry& instance() {
    static spawn_registry all;
    return all;
  }
  void add(const thread_identity& who, spawn_site where) {
    std::scoped_lock lock(mutex_);
    all_.emplace_back(who, std::move(where));
  }
  void remove(const thread_identity& who) {
    std::scoped_lock lock(mutex_);
    std::erase_if(all_,
                  [&](const auto& each) { return each.first == who; });
  }
  std::optional<spawn_site> find(const thread_identity& who) const {
    std::scoped_lock lock(mutex_);
    for (const auto& [known, where] : all_) {
      if (known == who) {
        return where;
      }
    }
    return std::nullopt;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<thread_identity, spawn_site>> all_;
};

template <typename F>
std::jthread spawn(F f, call_site where = call_site::current()) {
  spawn_site added{where, std::vector<void*>(16)};
  added.stack.resize(
      static_cast<std::size_t>(backtrace(added.stack.data(), 16)));
  const auto known = std::make_shared<std::binary_semaphore>(0);
  std::jthread thread(
      [known, added = std::move(added),
       f = std::move(f)](const std::stop_token& stop) mutable {
        const auto self = identity_in(task_file(::gettid(), "stat"));
        spawn_registry::instance().add(*self, std::move(added));
        known->release();
        if constexpr (std::is_invocable_v<F, std::stop_token>) {
          f(stop);
        } else {
          (void)stop;
          f();
        }
        spawn_registry::instance().remove(*self);
      });
  known->acquire();
  return thread;
}

}  // namespace workbook
