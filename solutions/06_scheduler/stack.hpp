// Stacks: cut from slabs, each with its control block in its top page.
//
// Book: chapter 6, step 6.2. Model: Go's stackalloc; marl's fibers.
//
// Invariants:
//   (I1) `suspended` is true while the stack's context may be resumed:
//        set by the context that runs after it, cleared by the one
//        that resumes it.
//   (I2) A waiting goroutine costs one page: its control block and its
//        frames share the top one, and the guard at the low end is a
//        mark in the page table.

#pragma once

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <vector>

#include "context.hpp"
#include "fibre.hpp"
#include "goroutine.hpp"
#include "spin_lock.hpp"

namespace workbook::gmp {

/// What the C++ runtime keeps per thread about exceptions, and what
/// belongs to a goroutine: those that it has caught and not yet left.
struct exception_state {
  void* caught = nullptr;
  unsigned uncaught = 0;

  [[nodiscard]] bool any() const {
    return caught != nullptr || uncaught != 0;
  }
};

/// The control block of a stack; the stack is the memory below it.
struct alignas(64) stack {
  static constexpr std::uint64_t unharmed = 0x57ac4'57ac4'57ac4;

  context saved = nullptr;
  std::atomic<bool> suspended{true};  // (I1)
  bool ended = false;  // its goroutine ended and it runs no other
  wait_reason waits = wait_reason::none;
  int error_number = 0;  ///< errno of the goroutine
  goroutine* runs = nullptr;
  exception_state exceptions = {};
  machine* pinned = nullptr;  // the only one that may run it
  const void* waits_for = nullptr;
  std::int64_t since = 0;       // it waits, by the scheduler's clock
  const void* local = nullptr;  // for the goroutine whose id this is
  std::uint64_t local_of = 0;
  stack* next = nullptr;  // in a free list
  char* low = nullptr;    // its lowest byte; null: a thread's stack
  [[no_unique_address]] fibre notes = {};
  // A stack that overflows reaches the control block of the one below
  // it in the slab, and there first the last word.
  std::uint64_t canary = unharmed;
};

/// All stacks of a scheduler. Thread safety: any member from any
/// thread.
class stack_pool {
 public:
  static constexpr std::size_t per_slab = 128;
  static constexpr std::size_t page = 4096;

  /// Stacks of `size` bytes, a multiple of a page and at least four.
  explicit stack_pool(std::size_t size) : size_(size) {}
  stack_pool(const stack_pool&) = delete;
  stack_pool& operator=(const stack_pool&) = delete;

  ~stack_pool() {
    for (char* const slab : slabs_) {
      for (std::size_t i = 0; i < per_slab; ++i) {
        control_block(slab + i * size_)->notes.destroy();
      }
      ::munmap(slab, per_slab * size_);
    }
  }

  /// A list of free stacks, linked by `next`: those of a new slab, or a
  /// batch that was put back. Throws std::bad_alloc if the system has
  /// no memory left.
  stack* take() {
    std::scoped_lock lock(lock_);
    if (!batches_.empty()) {
      stack* const batch = batches_.back();
      batches_.pop_back();
      return batch;
    }
    return cut_slab();
  }

  /// Gives a list back.
  void put(stack* batch) {
    std::scoped_lock lock(lock_);
    batches_.push_back(batch);
  }

  [[nodiscard]] std::size_t stack_size() const { return size_; }

  /// The control block of the stack whose lowest byte is at `low`.
  [[nodiscard]] stack* control_block(char* low) const {
    return std::launder(
        reinterpret_cast<stack*>(low + size_ - sizeof(stack)));
  }

  /// The stack that `address` is in; null if it is in none.
  [[nodiscard]] stack* find(const void* address) const {
    const auto* const byte = static_cast<const char*>(address);
    for (char* const slab : slabs_) {
      if (byte >= slab && byte < slab + per_slab * size_) {
        const auto which =
            static_cast<std::size_t>(byte - slab) / size_;
        return control_block(slab + which * size_);
      }
    }
    return nullptr;
  }

 private:
  stack* cut_slab() {
    slabs_.reserve(slabs_.size() + 1);
    void* const memory =
        ::mmap(nullptr, per_slab * size_, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      throw std::bad_alloc();
    }
    auto* const slab = static_cast<char*>(memory);
    slabs_.push_back(slab);
    stack* first = nullptr;
    for (std::size_t i = per_slab; i-- > 0;) {
      char* const low = slab + i * size_;
      guard(low);
      auto* const made = new (low + size_ - sizeof(stack))
          stack{.next = first, .low = low};
      made->notes.create(low, size_ - sizeof(stack));
      first = made;
    }
    return first;
  }

  // A guard mapping per stack would end at 32,753 stacks, as each is
  // a mapping of its own (vm.max_map_count); a guard mark is none.
  // Kernels before 6.13 refuse it; the canary is left then.
  void guard(char* low) {
    constexpr int madv_guard_install = 102;
    if (guards_) {
      guards_ = ::madvise(low, page, madv_guard_install) == 0;
    }
  }

  const std::size_t size_;
  spin_lock lock_;  // guards every field below it
  std::vector<stack*> batches_;
  std::vector<char*> slabs_;
  bool guards_ = true;
};

}  // namespace workbook::gmp
