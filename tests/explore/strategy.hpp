// Who runs next, and what else is left to chance.
//
// A strategy answers every question of a schedule, from its seed
// alone. The portfolio is fixed: no single strategy finds every bug
// (random walk misses full queues, PCT misses short windows).
//
// Book: appendix "How the explorer works", section Who goes on.
// Model: Burckhardt et al., A Randomized Scheduler with Probabilistic
// Guarantees of Finding Bugs (PCT), ASPLOS 2010; Musuvathi and
// Qadeer, Iterative Context Bounding, PLDI 2007.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "memory_model.hpp"
#include "record.hpp"
#include "thread.hpp"

namespace explore {

/// Things that may happen without any thread's doing.
enum class nondeterminism : std::uint8_t {
  spurious_wakeup,  // a condition variable wakes without a notify
  pass_deadline,  // the next deadline passes although threads could run
  pass_time,      // … or a little time does
  spurious_failure,  // of a compare_exchange_weak or a try_lock
};

class strategy : public memory_choices {
 public:
  /// The index in `runnable` (never empty) of the thread to go on.
  /// `current` is the one that asks, null if it cannot go on;
  /// `yields` says that it would rather not.
  virtual std::size_t next(std::span<thread* const> runnable,
                           thread* current, bool yields) = 0;

  /// One of 0 … count-1: which waiter a notify wakes.
  virtual std::size_t pick(std::size_t count) = 0;

  virtual bool happens(nondeterminism what) = 0;

  /// Whether it ever answers stale_read() or late_store() with
  /// anything but 0.
  virtual bool reads_stale() const { return false; }
  std::size_t stale_read(std::size_t) override { return 0; }
  std::size_t late_store(std::size_t) override { return 0; }

  virtual void on_thread_created(thread& newcomer) { (void)newcomer; }
};

/// Seeds from here on are beyond the portfolio: a walk with at most so
/// many preemptions and stale reads, to show a failure briefly.
inline constexpr std::uint64_t few_preemptions_seeds = 1'000'000;
inline constexpr std::uint64_t few_preemptions_limit = 8;

/// The first such seed. Both numbers are below few_preemptions_limit.
constexpr std::uint64_t few_preemptions_seed(
    std::uint64_t preemptions, std::uint64_t stale_reads) {
  return (1 + stale_reads * few_preemptions_limit + preemptions) *
         few_preemptions_seeds;
}

/// The strategy that the portfolio has for `seed`. `length`: how many
/// steps a schedule of the scenario has, about.
std::unique_ptr<strategy> strategy_for(std::uint64_t seed,
                                       bool timeouts_race,
                                       std::size_t length);

/// Its name, for reports: "random walk", "PCT of depth 3".
std::string strategy_name(std::uint64_t seed, bool timeouts_race);

/// Where `wanted` stands in `threads`; behind the last one if it does
/// not.
std::size_t index_of(std::span<thread* const> threads,
                     const thread* wanted);

/// Follows choices.taken up to choices.fixed, then takes the first
/// alternative everywhere, and records how many there were. At most
/// `bound` preemptions and other chances, and `stale` stale reads.
std::unique_ptr<strategy> exhaustive_search(path& choices, int bound,
                                            int stale,
                                            bool timeouts_race);

/// Makes `choices` the next path in depth-first order; false if there
/// is none.
bool advance(path& choices);

}  // namespace explore
