#include "rows.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace explore {
namespace {

constexpr std::size_t most_rows = 12;
constexpr std::size_t last_steps = 5;
constexpr std::size_t rows_before = 3;  // of a preemption

using steps = std::vector<std::uint32_t>;

/// The steps of the reader's and the test's own code.
steps outer_steps(const record& log, const places& where) {
  steps outer;
  const auto kept = log.kept();
  for (std::uint32_t i = 0; i < kept.size(); ++i) {
    if (!where.is_inner(kept[i])) {
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
    return what == operation::load || what == operation::yield;
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

/// Where each thread waits, and the notify that may have come before.
std::set<std::uint32_t> where_they_wait(const record& log) {
  std::set<std::uint32_t> chosen;
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
  }
  return chosen;
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
