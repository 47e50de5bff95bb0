// The strategy that leaves nothing to chance: every schedule of a small
// program, up to a number of preemptions and other chances.
//
// A path is the list of choices of one schedule: how many there were at
// each place, and which was taken. Depth-first search takes the last
// choice that has an alternative left, and drops what came after it.

#include <cstddef>

#include "strategy.hpp"

namespace explore {
namespace {

/// Depth-first search through all choices, the unexceptional one
/// first. A preemption or another chance costs one of `bound`, a stale
/// read or a late store one of `stale`.
class exhaustive final : public strategy {
 public:
  exhaustive(path& choices, int bound, int stale, bool deadlines_race)
      : choices_(choices),
        left_(bound),
        stale_left_(stale),
        deadlines_race_(deadlines_race) {
    choices_.length = 0;
  }

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    const bool spins =
        current != nullptr && current->streak >= spinning_streak;
    if (current == nullptr || yields || spins) {
      return free_choice(runnable, current);
    }
    const std::size_t own = index_of(runnable, current);
    if (left_ == 0 || runnable.size() == 1) {
      return own;
    }
    const std::size_t chosen = choose(runnable.size());
    left_ -= chosen == 0 ? 0 : 1;
    // Alternative 0 is to go on; the others are the rest, in order.
    return chosen == 0 ? own : (chosen <= own ? chosen - 1 : chosen);
  }

  std::size_t pick(std::size_t count) override { return choose(count); }

  bool happens(nondeterminism what) override {
    const bool races =
        what == nondeterminism::pass_deadline && !deadlines_race_;
    if (left_ == 0 || races || what == nondeterminism::pass_time) {
      return false;
    }
    const bool chosen = choose(2) == 1;
    left_ -= chosen ? 1 : 0;
    return chosen;
  }

  bool reads_stale() const override { return stale_left_ > 0; }

  std::size_t stale_read(std::size_t count) override {
    if (stale_left_ == 0) {
      return 0;
    }
    const std::size_t chosen = choose(count);
    stale_left_ -= chosen == 0 ? 0 : 1;
    return chosen;
  }

  std::size_t late_store(std::size_t count) override {
    return stale_read(count);
  }

 private:
  static constexpr int spinning_streak = 40;

  /// The current thread waits or yields: the others are free.
  std::size_t free_choice(std::span<thread* const> runnable,
                          const thread* current) {
    const std::size_t own = index_of(runnable, current);
    if (own == runnable.size() || runnable.size() == 1) {
      return choose(runnable.size());
    }
    const std::size_t chosen = choose(runnable.size() - 1);
    return chosen < own ? chosen : chosen + 1;
  }

  std::size_t choose(std::size_t count) {
    if (count == 1) {
      return 0;
    }
    if (choices_.length == max_choices) {
      choices_.truncated = true;
      return 0;
    }
    const auto at = static_cast<std::size_t>(choices_.length);
    const std::uint8_t taken =
        choices_.length < choices_.fixed ? choices_.taken[at] : 0;
    choices_.taken[at] = taken;
    choices_.count[at] = static_cast<std::uint8_t>(count);
    ++choices_.length;
    return taken;
  }

  path& choices_;
  int left_;        // preemptions and other chances still allowed
  int stale_left_;  // stale reads and late stores still allowed
  const bool deadlines_race_;
};

}  // namespace

std::unique_ptr<strategy> exhaustive_search(path& choices, int bound,
                                            int stale,
                                            bool timeouts_race) {
  return std::make_unique<exhaustive>(choices, bound, stale,
                                      timeouts_race);
}

bool advance(path& choices) {
  for (int i = choices.length; i-- > 0;) {
    const auto at = static_cast<std::size_t>(i);
    if (choices.taken[at] + 1 < choices.count[at]) {
      ++choices.taken[at];
      choices.fixed = i + 1;
      return true;
    }
  }
  return false;
}

}  // namespace explore
