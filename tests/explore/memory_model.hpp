// What a load may return: C++20's memory model, without load buffering.
//
// Memory holds the newest store of each atomic object. Beside it the
// model keeps the object's recent stores in modification order, each
// with the threads that know of it. A load may return any of them that
// coherence and happens-before allow; an interleaving alone would only
// ever show the newest.
//
// Invariants, whenever no call is in progress:
//   (I1) The stores of a location are in modification order, and the
//        last one is what memory holds.
//   (I2) Nothing is between a read-modify-write and the store that it
//        read.
//   (I3) seen.of(t) is the first epoch of thread t in which it wrote
//        or read the store; 0: it did neither.
//   (I4) The order of execution agrees with happens-before, with
//        reads-from and with the order S of seq_cst operations.
// (I4) is a choice: no load returns a store that is still to come (load
// buffering), and S agrees with happens-before where a program mixes
// seq_cst and weaker accesses (C++20 allows more: Z6.U of P0668).
//
// Nothing here allocates: it is used inside malloc.
//
// Book: appendix "How the explorer works", section Old values.
// Model: C11Tester (Luo and Demsky, ASPLOS 2021); [atomics.order] and
// [intro.races] of C++20 for the rules.

#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "vector_clock.hpp"

namespace explore {

/// As the compiler numbers them.
enum order : int {
  relaxed,
  consume,
  acquire,
  release,
  acq_rel,
  seq_cst
};

constexpr bool acquires(int order) {
  return order != relaxed && order != release;
}
constexpr bool releases(int order) {
  return order == release || order == acq_rel || order == seq_cst;
}

/// What a thread knows, and what its stores publish.
struct thread_view {
  int id = 0;
  vector_clock clock;            // happened before its next event
  vector_clock pending_acquire;  // what an acquire fence would add
  vector_clock last_release;     // what relaxed stores publish
};

/// The bytes of an atomic object of up to 16 bytes.
struct bits {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const bits&) const = default;
};

/// Where more than one outcome is allowed: somebody has to choose.
class memory_choices {
 public:
  virtual ~memory_choices() = default;

  /// One of 0 … count-1: how much older than the newest is the store,
  /// of `count` ones, that a load reads.
  virtual std::size_t stale_read(std::size_t count) = 0;

  /// One of 0 … count-1: before how many of the places that are free
  /// for it in modification order a store goes.
  virtual std::size_t late_store(std::size_t count) = 0;
};

class memory_model {
 public:
  static constexpr std::size_t depth = 8;  // stores of a location
  static constexpr std::size_t most_locations = 4096;
  static constexpr std::size_t most_stores = 8192;
  static constexpr std::size_t most_fences = 1024;
  static constexpr std::uint32_t no_step = UINT32_MAX;

  /// An object as an operation finds it.
  struct object {
    const void* address = nullptr;
    std::size_t size = 0;
    bits memory{};           // what it holds
    std::uint32_t step = 0;  // of the operation
  };

  /// What an operation read.
  struct outcome {
    bits value{};
    std::uint32_t from = no_step;    // the step that stored it
    std::uint32_t newest = no_step;  // … and the newest value
    bool stale = false;              // it is not the newest
    bool succeeded = true;           // compare_exchange
    bool to_memory = false;          // what was stored is the newest
  };

  /// `remembers`: whether any value but the newest is ever asked for.
  /// If not, nothing else is kept.
  void begin(bool remembers) { depth_ = remembers ? depth : 1; }

  /// Back to the beginning. Costs what was used.
  void clear();

  outcome load(thread_view& me, const object& what, int order,
               memory_choices& choose);

  outcome store(thread_view& me, const object& what, bits value,
                int order, memory_choices& choose);

  /// A read-modify-write: reads, computes `change(context, old)`, and
  /// stores that directly after what it read.
  using change = bits (*)(const void* context, bits old);
  outcome modify(thread_view& me, const object& what, change compute,
                 const void* context, int order,
                 memory_choices& choose);

  /// `fails`: the newest value is read, and nothing exchanged.
  outcome compare_exchange(thread_view& me, const object& what,
                           bits expected, bits desired, int order,
                           int failure, bool fails,
                           memory_choices& choose);

  void fence(thread_view& me, int order);

  /// The part of a seq_cst fence that concerns the order S alone: what
  /// a system call does. It synchronises with nothing.
  void order_in_s(thread_view& me);

  /// [from, from + size) is written by other means, or is no longer:
  /// the history of every atomic object in it ends.
  void forget(const void* from, std::size_t size);

  /// All stores so far are known to all threads: time has passed.
  void all_arrive() { arrived_ = made_; }

  /// Whether there were more objects than the model can follow; what
  /// it says since then is worth nothing.
  bool overflowed() const { return overflowed_; }

 private:
  static constexpr std::uint16_t none = 0xffff;
  static constexpr std::size_t cell_bytes = 16;
  static constexpr std::size_t filter_bits = 1u << 16;

  struct past_store {
    bits value{};
    std::uint32_t step = no_step;
    std::uint32_t made = 0;        // when, counted in stores
    std::uint32_t first_in_s = 0;  // place of its first seq_cst access
    bool modifies = false;         // a read-modify-write's
    vector_clock published;        // what an acquire learns here
    vector_clock seen;             // (I3)
  };

  struct location {
    std::uint8_t offset = 0;  // in its cell
    std::uint8_t size = 0;
    std::uint8_t count = 0;
    std::uint16_t next = none;  // of the same cell
    std::array<std::uint16_t, depth> order{};
  };

  /// Sixteen bytes of memory, and the locations in it.
  struct cell {
    std::uintptr_t key = 0;  // address / 16; 0: unused
    std::uint16_t first = none;
  };

  struct fence_in_s {
    std::uint32_t at = 0;
    vector_clock clock;  // of it and all fences before it
  };

  past_store& at(const location& where, std::size_t i) {
    return stores_[where.order[i]];
  }
  past_store& newest(const location& where) {
    return at(where, where.count - 1u);
  }

  // ---- Rules ------------------------------------------------------

  bool must_see(const past_store& store, const vector_clock& known,
                bool in_s) const;
  std::size_t oldest_readable(const location& where,
                              const vector_clock& known, bool in_s);
  outcome read(thread_view& me, location& where, std::size_t i,
               int order);
  outcome read_mixed(thread_view& me, const object& what, int order);
  void write(thread_view& me, location& where, std::size_t position,
             bits value, int order, std::uint32_t step,
             const vector_clock* continues);
  void note_access(thread_view& me, past_store& store, int order);

  // ---- Storage ----------------------------------------------------

  cell* find_cell(std::uintptr_t key, bool to_begin);
  location* find(const object& what, bool& overlaps);
  location& begin_location(const object& what,
                           const vector_clock& published);
  location& location_of(const object& what);
  past_store& insert(location& where, std::size_t position);
  void drop(cell& from, std::uintptr_t begin, std::uintptr_t end);
  template <typename Each>
  void for_each_overlapping(const object& what, Each each);
  std::uint16_t take_store();
  std::uint16_t take_location();

  std::size_t depth_ = depth;
  std::uint32_t made_ = 0;
  std::uint32_t arrived_ = 0;
  std::uint32_t s_ = 0;
  std::uint32_t fences_made_ = 0;
  bool overflowed_ = false;
  std::uint16_t free_store_ = none;
  std::uint16_t free_location_ = none;
  std::uint16_t used_stores_ = 0;
  std::uint16_t used_locations_ = 0;
  std::bitset<filter_bits> filter_{};  // cells that were ever begun
  std::array<cell, most_locations> cells_{};
  std::array<location, most_locations> locations_{};
  std::array<std::uint16_t, most_stores> next_store_{};
  std::array<past_store, most_stores> stores_{};
  std::array<fence_in_s, most_fences> fences_{};
};

}  // namespace explore
