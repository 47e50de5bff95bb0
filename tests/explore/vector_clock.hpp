// Which events of each thread are known to have happened.
//
// Book: appendix "How the explorer works", section Races.
// Model: Mattern's vector clocks; the epochs of FastTrack (Flanagan
// and Freund, PLDI 2009).

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace explore {

/// Threads that one schedule may start, its first one included.
inline constexpr int max_threads = 64;

/// One counter a thread. `a.includes(t, e)` means: event e of thread t
/// happened before whatever the clock `a` belongs to.
class vector_clock {
 public:
  std::uint32_t of(int thread) const { return at(thread); }

  bool includes(int thread, std::uint32_t epoch) const {
    return epoch <= at(thread);
  }

  /// Learns everything that `other` knows.
  void join(const vector_clock& other) {
    width_ = std::max(width_, other.width_);
    for (std::size_t i = 0; i < other.width_; ++i) {
      ticks_[i] = std::max(ticks_[i], other.ticks_[i]);
    }
  }

  /// Begins the next epoch of `thread`.
  void tick(int thread) {
    const auto i = static_cast<std::size_t>(thread);
    width_ = std::max(width_, i + 1);
    ++ticks_[i];
  }

 private:
  std::uint32_t at(int thread) const {
    return ticks_[static_cast<std::size_t>(thread)];
  }

  std::array<std::uint32_t, max_threads> ticks_{};
  std::size_t width_ = 0;  // counters at and past it are 0
};

}  // namespace explore
