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
    fence_ = std::max(fence_, other.fence_);
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

  /// Sets the counter of `thread`, unless it has one.
  void note_first(int thread, std::uint32_t epoch) {
    const auto i = static_cast<std::size_t>(thread);
    width_ = std::max(width_, i + 1);
    ticks_[i] = ticks_[i] == 0 ? epoch : ticks_[i];
  }

  /// Whether `known` includes any of the events that are set here.
  bool meets(const vector_clock& known) const {
    for (std::size_t i = 0; i < width_; ++i) {
      if (ticks_[i] != 0 && ticks_[i] <= known.ticks_[i]) {
        return true;
      }
    }
    return false;
  }

  /// The last seq_cst fence that happened before, in their order; 0:
  /// none did.
  std::uint32_t fence() const { return fence_; }
  void note_fence(std::uint32_t number) { fence_ = number; }

 private:
  std::uint32_t at(int thread) const {
    return ticks_[static_cast<std::size_t>(thread)];
  }

  std::array<std::uint32_t, max_threads> ticks_{};
  std::size_t width_ = 0;  // counters at and past it are 0
  std::uint32_t fence_ = 0;
};

}  // namespace explore
