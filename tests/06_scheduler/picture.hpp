// The queues of a run, rebuilt from its trace event by event.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "trace.hpp"

namespace workbook {

using gmp::event_kind;
using gmp::trace_event;

/// What every processor runs, and what waits in which queue.
class picture {
 public:
  explicit picture(std::size_t processors) : rows_(processors) {}

  void apply(const trace_event& e);
  void print() const;

 private:
  using queue = std::deque<std::uint64_t>;

  struct row {
    int machine = -1;
    std::uint64_t runs = 0;
    std::uint64_t next = 0;  // runnext
    queue local = {};
  };

  void forget(std::uint64_t g);
  void run(const trace_event& e);
  void stop(const trace_event& e);
  static void move(queue& from, queue& to, std::size_t n) {
    for (; n > 0 && !from.empty(); --n) {
      to.push_back(from.front());
      from.pop_front();
    }
  }
  static std::string text(const queue& all);

  std::vector<row> rows_;
  queue global_;
  std::map<std::uint64_t, int> apart_;  // machines without a processor
};

inline void picture::forget(std::uint64_t g) {
  for (row& each : rows_) {
    std::erase(each.local, g);
    each.next = each.next == g ? 0 : each.next;
    each.runs = each.runs == g ? 0 : each.runs;
  }
  std::erase(global_, g);
  apart_.erase(g);
}

inline void picture::run(const trace_event& e) {
  forget(e.g);
  row& own = rows_[static_cast<std::size_t>(e.p)];
  own.runs = e.g;
  own.machine = e.m;
}

// The goroutine runs no longer, or on a machine without a processor.
inline void picture::stop(const trace_event& e) {
  forget(e.g);
  row& own = rows_[static_cast<std::size_t>(e.p)];
  switch (e.kind) {
    case event_kind::yielded:
      own.local.push_back(e.g);
      break;
    case event_kind::preempted:
      global_.push_back(e.g);
      break;
    case event_kind::blocked:
    case event_kind::retaken:
      apart_[e.g] = own.machine;
      own.machine = -1;
      break;
    default:
      break;
  }
}

inline void picture::apply(const trace_event& e) {
  row* const own =
      e.p < 0 ? nullptr : &rows_[static_cast<std::size_t>(e.p)];
  switch (e.kind) {
    case event_kind::spawned:
      own->local.push_back(e.g);
      break;
    case event_kind::readied:
      if (own->next != 0) {
        own->local.push_back(own->next);
      }
      own->next = e.g;
      break;
    case event_kind::injected:
      forget(e.g);
      global_.push_back(e.g);
      break;
    case event_kind::overflowed:
      move(own->local, global_, e.detail);
      forget(e.g);
      global_.push_back(e.g);
      break;
    case event_kind::fetched:
      move(global_, own->local, e.detail + std::size_t{1});
      break;
    case event_kind::stolen:
      move(rows_[e.other].local, own->local, e.detail + std::size_t{1});
      break;
    case event_kind::started:
    case event_kind::resumed:
    case event_kind::returned:
      run(e);
      break;
    case event_kind::slept:
      own->machine = -1;
      break;
    case event_kind::woke:
      own->machine = e.m;
      break;
    default:
      stop(e);
  }
}

inline std::string picture::text(const queue& all) {
  std::string line;
  for (const std::uint64_t g : all) {
    if (line.size() > 40) {
      return line + " ...";
    }
    line += (line.empty() ? "G" : " G") + std::to_string(g);
  }
  return line.empty() ? "-" : line;
}

inline std::string named(char letter, std::uint64_t number,
                         bool there) {
  return there ? letter + std::to_string(number) : "-";
}

inline void picture::print() const {
  std::printf("    P   on M  runs   next   local queue\n");
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const row& each = rows_[i];
    const auto m = static_cast<std::uint64_t>(each.machine);
    std::printf("    P%zu  %-5s %-6s %-6s %s\n", i,
                named('M', m, each.machine >= 0).c_str(),
                named('G', each.runs, each.runs != 0).c_str(),
                named('G', each.next, each.next != 0).c_str(),
                text(each.local).c_str());
  }
  std::printf("    global queue: %s\n", text(global_).c_str());
  for (const auto& [g, m] : apart_) {
    std::printf("    without a processor: G%llu on M%d\n",
                static_cast<unsigned long long>(g), m);
  }
}

}  // namespace workbook
