// What each synchronisation object has published: a vector clock for
// every address that some thread released.
//
// An acquire learns from it, a release adds to it. The table is fixed
// in size and never allocates, because it is used inside malloc.
//
// Book: appendix "How the explorer works", section Races.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vector_clock.hpp"

namespace explore {

class clock_table {
 public:
  static constexpr std::size_t capacity = 4096;  // a power of two

  /// The clock of `object`, or null if nothing was released there.
  vector_clock* find(const void* object) {
    entry* found = slot(object);
    return found != nullptr && found->key == object ? &found->clock
                                                    : nullptr;
  }

  /// The clock of `object`, new if needed; null if the table is full.
  vector_clock* get(const void* object) {
    entry* found = slot(object);
    if (found == nullptr) {
      return nullptr;
    }
    if (found->key != object) {
      found->key = object;
      found->clock = vector_clock{};
    }
    return &found->clock;
  }

  /// Memory in [from, from + size) is new: what was said there is
  /// void. The key stays, so that probing still works.
  void forget(const void* from, std::size_t size) {
    const auto begin = reinterpret_cast<std::uintptr_t>(from);
    for (std::uintptr_t at = begin; at < begin + size; at += 4) {
      auto* found = find(reinterpret_cast<const void*>(at));
      if (found != nullptr) {
        *found = vector_clock{};
      }
    }
  }

 private:
  struct entry {
    const void* key = nullptr;
    vector_clock clock;
  };

  /// Where `object` is or would be; null if the table is full.
  entry* slot(const void* object) {
    const auto address = reinterpret_cast<std::uintptr_t>(object);
    std::size_t at = (address >> 2) * 0x9e3779b97f4a7c15u >> 40;
    for (std::size_t tries = 0; tries < capacity; ++tries, ++at) {
      entry& each = entries_[at % capacity];
      if (each.key == object || each.key == nullptr) {
        return &each;
      }
    }
    return nullptr;
  }

  std::array<entry, capacity> entries_{};
};

}  // namespace explore
