#include "rows.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace explore {
namespace {

constexpr std::size_t most_rows = 12;
constexpr std::size_t most_decisive_rows = 15;
constexpr std::size_t last_steps = 5;
constexpr std::size_t rows_before = 3;  // of a preemption

using steps = std::vector<std::uint32_t>;

/// Whether another thread has to do with what `one` works on.
bool concerns_others(const record& log, const step& one) {
  return std::ranges::any_of(log.kept(), [&](const step& each) {
    return each.object == one.object && each.thread != one.thread;
  });
}

/// The steps of the reader's and the test's own code, and the stop
/// requests that somebody looks at.
steps outer_steps(const record& log, const places& where) {
  steps outer;
  const auto kept = log.kept();
  for (std::uint32_t i = 0; i < kept.size(); ++i) {
    const bool idle = where.is_stop_request(kept[i]) &&
                      !concerns_others(log, kept[i]);
    if (!idle && !where.is_inner(kept[i]) &&
        !where.is_bookkeeping(kept[i])) {
      outer.push_back(i);
    }
  }
  return outer;
}

/// Of steps in a row by one thread on one line that only look or
/// yield, the last one tells the story.
steps without_repetitions(const record& log, const places& where,
                          const steps& candidates) {
  const auto looks = [&](std::uint32_t at) {
    const operation what = log.trace[at].what;
    return !log.trace[at].stale &&
           (what == operation::load || what == operation::yield);
  };
  const auto repeats = [&](std::uint32_t one, std::uint32_t next) {
    return looks(one) && looks(next) &&
           log.trace[one].thread == log.trace[next].thread &&
           where.of(log.trace[one]).line ==
               where.of(log.trace[next]).line;
  };
  steps kept;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i + 1 == candidates.size() ||
        !repeats(candidates[i], candidates[i + 1])) {
      kept.push_back(candidates[i]);
    }
  }
  return kept;
}

/// A failed expectation looks at what came out of it; what went wrong
/// is where one thread took the turn from another. Empty if none did.
std::set<std::uint32_t> around_last_preemption(
    const record& log, const steps& candidates) {
  std::set<std::uint32_t> chosen;
  for (std::size_t i = candidates.size(); i-- > 0;) {
    if (!log.trace[candidates[i]].preempts) {
      continue;
    }
    for (std::size_t j = i - std::min(i, rows_before);
         j < candidates.size() && chosen.size() < most_rows; ++j) {
      chosen.insert(candidates[j]);
    }
    break;
  }
  return chosen;
}

/// Where `thread` last took the lock `object`, before the step `end`.
std::optional<std::uint32_t> last_lock(const record& log, int thread,
                                       const void* object,
                                       std::uint32_t end) {
  for (std::uint32_t i = end; i-- > 0;) {
    const step& each = log.trace[i];
    const bool locks = each.what == operation::lock ||
                       each.what == operation::lock_shared ||
                       each.what == operation::try_lock;
    if (locks && each.thread == thread && each.object == object) {
      return i;
    }
  }
  return std::nullopt;
}

/// Where each thread waits, who holds what it waits for, and the notify
/// that may have come before.
std::set<std::uint32_t> where_they_wait(const record& log) {
  std::set<std::uint32_t> chosen;
  const auto end = static_cast<std::uint32_t>(log.kept().size());
  for (int i = 0; i < log.threads; ++i) {
    const auto& each = log.thread[static_cast<std::size_t>(i)];
    if (!each.alive || each.waits == reason::none) {
      continue;
    }
    chosen.insert(each.last_step);
    if (each.waits == reason::condition) {
      if (const auto at = last_notify(log, each.object)) {
        chosen.insert(*at);
      }
    }
    if (each.waits == reason::lock && each.holder >= 0) {
      if (const auto at =
              last_lock(log, each.holder, each.object, end)) {
        chosen.insert(*at);
      }
    }
  }
  return chosen;
}

/// A thread that locks what it holds: both steps.
std::set<std::uint32_t> both_locks(const record& log) {
  const auto end = static_cast<std::uint32_t>(log.kept().size());
  if (log.how != ending::misuse || end == 0) {
    return {};
  }
  const step& last = log.trace[end - 1];
  const auto first = last_lock(log, last.thread, last.object, end - 1);
  return first ? std::set{*first, end - 1} : std::set<std::uint32_t>{};
}

/// Steps that decide what happens: they are never folded away.
bool is_decisive(const step& each, const places& where) {
  return each.what == operation::notify_one ||
         each.what == operation::notify_all || each.timed_out ||
         each.spurious || each.stale || where.is_stop_request(each);
}

/// Adds the decisive ones among the steps from the first chosen one on
/// (and every stale read: its effect may come much later), and drops the
/// oldest others where that makes too many.
void add_decisive(std::set<std::uint32_t>& chosen, const record& log,
                  const places& where, const steps& candidates) {
  if (chosen.empty()) {
    return;
  }
  std::set<std::uint32_t> decisive;
  for (const std::uint32_t each : candidates) {
    const step& what = log.trace[each];
    if (what.stale ||
        (each >= *chosen.begin() && is_decisive(what, where))) {
      decisive.insert(each);
    }
  }
  while (decisive.size() > most_decisive_rows) {
    decisive.erase(decisive.begin());
  }
  const std::size_t room =
      std::max(most_rows, decisive.size() + last_steps);
  chosen.insert(decisive.begin(), decisive.end());
  for (auto each = chosen.begin();
       each != chosen.end() && chosen.size() > room;) {
    each =
        decisive.contains(*each) ? std::next(each) : chosen.erase(each);
  }
}

std::optional<std::uint32_t> last_step_of(const record& log,
                                          int thread) {
  const auto kept = log.kept();
  for (auto i = static_cast<std::uint32_t>(kept.size()); i-- > 0;) {
    if (kept[i].thread == thread) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

std::set<std::uint32_t> choose_rows(const record& log,
                                    const places& where) {
  const steps candidates =
      without_repetitions(log, where, outer_steps(log, where));
  if (log.how == ending::expectation) {
    auto chosen = around_last_preemption(log, candidates);
    if (!chosen.empty()) {
      add_decisive(chosen, log, where, candidates);
      return chosen;
    }
  }
  std::set<std::uint32_t> chosen = where_they_wait(log);
  if (log.other >= 0) {
    if (const auto at = last_step_of(log, log.other)) {
      chosen.insert(*at);
    }
  }
  // The last ones in any case, more of them where there is room.
  for (std::size_t i = candidates.size(); i-- > 0;) {
    if (candidates.size() - i > last_steps &&
        chosen.size() >= most_rows) {
      break;
    }
    chosen.insert(candidates[i]);
  }
  while (chosen.size() > most_rows) {
    chosen.erase(chosen.begin());
  }
  add_decisive(chosen, log, where, candidates);
  chosen.merge(both_locks(log));
  return chosen;
}

std::set<std::uint32_t> all_rows(const record& log,
                                 const places& where) {
  const steps outer = outer_steps(log, where);
  return {outer.begin(), outer.end()};
}

std::optional<std::uint32_t> last_notify(const record& log,
                                         const void* object) {
  const auto kept = log.kept();
  for (auto i = static_cast<std::uint32_t>(kept.size()); i-- > 0;) {
    if (kept[i].object == object &&
        (kept[i].what == operation::notify_one ||
         kept[i].what == operation::notify_all)) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace explore
