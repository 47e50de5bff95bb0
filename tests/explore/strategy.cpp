#include "strategy.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <functional>
#include <vector>

namespace explore {
namespace {

/// SplitMix64 (Steele, Lea and Flood, 2014): tiny, seedable, good.
class random_bits {
 public:
  explicit random_bits(std::uint64_t seed) : state_(seed) {}

  std::uint64_t operator()() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }

  std::size_t below(std::size_t bound) { return (*this)() % bound; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

/// A thread that goes on this long while others could is taken to be
/// spinning, and steps back as if it had yielded.
constexpr int longest_streak = 200;

constexpr int any_number = INT_MAX;

/// What all seeded strategies share: other chances at fixed rates, and at
/// most `most_stale` stale reads.
class seeded : public strategy {
 public:
  seeded(std::uint64_t seed, bool deadlines_race, int most_stale)
      : random_(seed * 0x2545f4914f6cdd1du + 1),
        deadlines_race_(deadlines_race),
        stale_left_(most_stale) {}

  bool reads_stale() const override { return stale_left_ > 0; }

  /// A thread that sees old values goes on doing so for a while: a
  /// fault behind a loop of loads needs many of them in a row.
  std::size_t stale_read(std::size_t count) override {
    if (stale_left_ == 0) {
      return 0;
    }
    stale_ = stale_ ? !random_.one_in(16) : random_.one_in(4);
    if (!stale_) {
      return 0;
    }
    stale_left_ -= stale_left_ == any_number ? 0 : 1;
    return 1 + random_.below(count - 1);
  }

  std::size_t late_store(std::size_t count) override {
    return stale_left_ > 0 && random_.one_in(6)
               ? 1 + random_.below(count - 1)
               : 0;
  }

  std::size_t pick(std::size_t count) override {
    return count == 1 ? 0 : random_.below(count);
  }

  bool happens(nondeterminism what) override {
    switch (what) {
      case nondeterminism::spurious_wakeup:
        return random_.one_in(24);
      case nondeterminism::pass_deadline:
        return deadlines_race_ && random_.one_in(12);
      case nondeterminism::pass_time:
        return deadlines_race_ && random_.one_in(8);
      case nondeterminism::spurious_failure:
        return random_.one_in(16);
    }
    return false;
  }

 protected:
  random_bits random_;

 private:
  const bool deadlines_race_;
  int stale_left_;
  bool stale_ = false;
};

/// One of `runnable`, but not `current` if there is another.
std::size_t random_other(std::span<thread* const> runnable,
                         const thread* current, random_bits& random) {
  std::size_t chosen = random.below(runnable.size());
  if (runnable[chosen] == current && runnable.size() > 1) {
    chosen = (chosen + 1 + random.below(runnable.size() - 1)) %
             runnable.size();
  }
  return chosen;
}

/// Anybody, at every step.
class random_walk final : public seeded {
 public:
  using seeded::seeded;

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    return yields ? random_other(runnable, current, random_)
                  : random_.below(runnable.size());
  }
};

/// Stays with a thread for a while, so that queues fill and empty.
class sticky_walk final : public seeded {
 public:
  sticky_walk(std::uint64_t seed, bool deadlines_race, int most_stale)
      : seeded(seed, deadlines_race, most_stale),
        stay_(std::size_t{4} << (2 * random_.below(3))) {}

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    const bool stays = current != nullptr && !yields &&
                       current->streak < longest_streak &&
                       !random_.one_in(stay_);
    return stays ? index_of(runnable, current)
                 : random_other(runnable, current, random_);
  }

 private:
  const std::size_t stay_;  // steps until it changes, on average
};

/// `count` of the steps 1 … length, uniformly, in any order.
std::vector<std::size_t> draw_points(random_bits& random,
                                     std::size_t count,
                                     std::size_t length) {
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back(1 + random.below(length));
  }
  return points;
}

/// PCT: the runnable thread of highest priority. At the i-th of depth-1
/// steps that are drawn uniformly from the whole schedule, the running
/// thread's priority becomes i, which is below all that threads have
/// from their start.
class priority_walk final : public seeded {
 public:
  priority_walk(std::uint64_t seed, std::size_t depth,
                bool deadlines_race, int most_stale, std::size_t length)
      : seeded(seed, deadlines_race, most_stale),
        changes_(draw_points(random_, depth - 1, length)) {}

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    if (current != nullptr) {
      ++steps_;
      const auto change = std::ranges::find(changes_, steps_);
      if (change != changes_.end()) {
        current->priority = 1 + (change - changes_.begin());
      }
      if (yields || current->streak >= longest_streak) {
        current->priority = --lowest_;
      }
    }
    const auto first = std::ranges::max_element(
        runnable, {},
        [](const thread* each) { return each->priority; });
    return static_cast<std::size_t>(first - runnable.begin());
  }

  void on_thread_created(thread& newcomer) override {
    newcomer.priority = static_cast<long>(changes_.size() + 1 +
                                          random_.below(1u << 20));
  }

 private:
  const std::vector<std::size_t> changes_;
  std::size_t steps_ = 0;
  long lowest_ = 0;
};

/// Changes threads only where one waits or ends, but for a few
/// preemptions at random steps: for schedules that people can read.
class few_preemptions final : public seeded {
 public:
  few_preemptions(std::uint64_t seed, std::size_t preemptions,
                  int stale, std::size_t length)
      : seeded(seed, false, stale),
        preemptions_(draw_points(random_, preemptions, length)) {
    std::ranges::sort(preemptions_, std::greater());
  }

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    if (current == nullptr) {
      return random_.below(runnable.size());
    }
    ++steps_;
    const bool preempts = !preemptions_.empty() &&
                          runnable.size() > 1 &&
                          preemptions_.back() <= steps_;
    if (preempts) {
      preemptions_.pop_back();
    }
    const bool stays =
        !preempts && !yields && current->streak < longest_streak;
    return stays ? index_of(runnable, current)
                 : random_other(runnable, current, random_);
  }

 private:
  std::vector<std::size_t> preemptions_;  // those to come, last first
  std::size_t steps_ = 0;
};

/// The portfolio: seed modulo its size.
enum class kind {
  random,
  sticky,
  pct_2,
  pct_3,
  pct_5,
  timeouts,
  few_preemptions,
};
constexpr std::array portfolio{
    kind::random, kind::sticky,   kind::random, kind::pct_2,
    kind::random, kind::timeouts, kind::pct_3,  kind::pct_5};

kind kind_of(std::uint64_t seed, bool timeouts_race) {
  if (seed >= few_preemptions_seeds) {
    return kind::few_preemptions;
  }
  const kind chosen = portfolio[seed % portfolio.size()];
  return chosen == kind::timeouts && !timeouts_race ? kind::random
                                                    : chosen;
}

/// Every other round of the portfolio reads old values, where there is
/// a choice: there is none in a scenario whose atomics are all seq_cst.
bool is_weak(std::uint64_t seed) {
  return seed < few_preemptions_seeds &&
         seed / portfolio.size() % 2 == 1;
}

}  // namespace

std::size_t index_of(std::span<thread* const> threads,
                     const thread* wanted) {
  return static_cast<std::size_t>(std::ranges::find(threads, wanted) -
                                  threads.begin());
}

std::unique_ptr<strategy> strategy_for(std::uint64_t seed,
                                       bool timeouts_race,
                                       std::size_t length) {
  const int stale = is_weak(seed) ? any_number : 0;
  switch (kind_of(seed, timeouts_race)) {
    case kind::random:
      return std::make_unique<random_walk>(seed, false, stale);
    case kind::sticky:
      return std::make_unique<sticky_walk>(seed, false, stale);
    case kind::pct_2:
      return std::make_unique<priority_walk>(seed, 2, false, stale,
                                             length);
    case kind::pct_3:
      return std::make_unique<priority_walk>(seed, 3, false, stale,
                                             length);
    case kind::pct_5:
      return std::make_unique<priority_walk>(seed, 5, false, stale,
                                             length);
    case kind::timeouts:
      return std::make_unique<random_walk>(seed, true, stale);
    case kind::few_preemptions: {
      const std::uint64_t limits = seed / few_preemptions_seeds - 1;
      return std::make_unique<few_preemptions>(
          seed, limits % few_preemptions_limit,
          static_cast<int>(limits / few_preemptions_limit), length);
    }
  }
  return nullptr;
}

std::string strategy_name(std::uint64_t seed, bool timeouts_race) {
  const char* const name = [&] {
    switch (kind_of(seed, timeouts_race)) {
      case kind::random:
        return "random walk";
      case kind::sticky:
        return "sticky walk";
      case kind::pct_2:
        return "PCT of depth 2";
      case kind::pct_3:
        return "PCT of depth 3";
      case kind::pct_5:
        return "PCT of depth 5";
      case kind::timeouts:
        return "random walk with early timeouts";
      case kind::few_preemptions:
        return "few preemptions";
    }
    return "";
  }();
  return is_weak(seed) ? std::string(name) + " with stale reads" : name;
}

}  // namespace explore
