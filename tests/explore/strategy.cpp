#include "strategy.hpp"

#include <algorithm>
#include <array>

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

/// What all seeded strategies share: accidents at fixed rates.
class seeded : public strategy {
 public:
  seeded(std::uint64_t seed, bool deadlines_race)
      : random_(seed * 0x2545f4914f6cdd1du + 1),
        deadlines_race_(deadlines_race) {}

  std::size_t pick(std::size_t count) override {
    return count == 1 ? 0 : random_.below(count);
  }

  bool happens(accident what) override {
    switch (what) {
      case accident::spurious_wakeup:
        return random_.one_in(24);
      case accident::delay_store:
        return random_.one_in(2);
      case accident::commit_store:
        return random_.one_in(6);
      case accident::pass_deadline:
        return deadlines_race_ && random_.one_in(12);
    }
    return false;
  }

 protected:
  random_bits random_;

 private:
  const bool deadlines_race_;
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
  sticky_walk(std::uint64_t seed, bool deadlines_race)
      : seeded(seed, deadlines_race),
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

/// The runnable thread of highest priority; at depth-1 random steps
/// the running thread's priority drops below all others.
class priority_walk final : public seeded {
 public:
  priority_walk(std::uint64_t seed, int depth, bool deadlines_race)
      : seeded(seed, deadlines_race),
        changes_left_(depth - 1),
        rate_(std::size_t{8} << (2 * random_.below(3))) {}

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    if (current != nullptr) {
      const bool changes = changes_left_ > 0 && random_.one_in(rate_);
      changes_left_ -= changes ? 1 : 0;
      if (changes || yields || current->streak >= longest_streak) {
        current->priority = --lowest_;
      }
    }
    const auto first = std::ranges::max_element(
        runnable, {},
        [](const thread* each) { return each->priority; });
    return static_cast<std::size_t>(first - runnable.begin());
  }

  void welcome(thread& newcomer) override {
    newcomer.priority = static_cast<long>(random_.below(1u << 20));
  }

 private:
  int changes_left_;
  const std::size_t rate_;
  long lowest_ = 0;
};

/// Changes threads only where one waits or ends, but for a few
/// preemptions at random steps: for schedules that people can read.
class calm_walk final : public seeded {
 public:
  calm_walk(std::uint64_t seed, int preemptions)
      : seeded(seed, false),
        preemptions_left_(preemptions),
        rate_(std::size_t{8} << (2 * random_.below(3))) {}

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    if (current == nullptr) {
      return random_.below(runnable.size());
    }
    const bool preempts = preemptions_left_ > 0 &&
                          runnable.size() > 1 && random_.one_in(rate_);
    preemptions_left_ -= preempts ? 1 : 0;
    const bool stays =
        !preempts && !yields && current->streak < longest_streak;
    return stays ? index_of(runnable, current)
                 : random_other(runnable, current, random_);
  }

 private:
  int preemptions_left_;
  const std::size_t rate_;
};

/// The portfolio: seed modulo its size.
enum class kind {
  random,
  sticky,
  pct_2,
  pct_3,
  pct_5,
  timeouts,
  calm,
};
constexpr std::array portfolio{
    kind::random, kind::sticky,   kind::random, kind::pct_2,
    kind::random, kind::timeouts, kind::pct_3,  kind::pct_5};

kind kind_of(std::uint64_t seed, bool timeouts_race) {
  if (seed >= calm_seeds) {
    return kind::calm;
  }
  const kind chosen = portfolio[seed % portfolio.size()];
  return chosen == kind::timeouts && !timeouts_race ? kind::random
                                                    : chosen;
}

}  // namespace

std::size_t index_of(std::span<thread* const> threads,
                     const thread* wanted) {
  return static_cast<std::size_t>(std::ranges::find(threads, wanted) -
                                  threads.begin());
}

std::unique_ptr<strategy> strategy_for(std::uint64_t seed,
                                       bool timeouts_race) {
  switch (kind_of(seed, timeouts_race)) {
    case kind::random:
      return std::make_unique<random_walk>(seed, false);
    case kind::sticky:
      return std::make_unique<sticky_walk>(seed, false);
    case kind::pct_2:
      return std::make_unique<priority_walk>(seed, 2, false);
    case kind::pct_3:
      return std::make_unique<priority_walk>(seed, 3, false);
    case kind::pct_5:
      return std::make_unique<priority_walk>(seed, 5, false);
    case kind::timeouts:
      return std::make_unique<random_walk>(seed, true);
    case kind::calm:
      return std::make_unique<calm_walk>(
          seed, static_cast<int>(seed / calm_seeds) - 1);
  }
  return nullptr;
}

const char* strategy_name(std::uint64_t seed, bool timeouts_race) {
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
    case kind::calm:
      return "calm walk";
  }
  return "";
}

}  // namespace explore
