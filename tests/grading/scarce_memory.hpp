// Memory that runs out on request, for what a contract says of
// std::bad_alloc.
//
// It replaces operator new and delete, so one file of a program may
// include it: a step_*.cpp at most one of a chapter.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace grading {

inline thread_local std::size_t largest_block = SIZE_MAX;  // in bytes

/// While it lives, its thread gets no block of memory larger than
/// `bytes`: operator new throws std::bad_alloc. One at a time.
class scarce_memory {
 public:
  explicit scarce_memory(std::size_t bytes) { largest_block = bytes; }
  ~scarce_memory() { largest_block = SIZE_MAX; }
  scarce_memory(const scarce_memory&) = delete;
  scarce_memory& operator=(const scarce_memory&) = delete;
};

}  // namespace grading

// None is inlined: GCC would see malloc beside delete, and warn.
[[gnu::no_sanitize("thread")]] void* operator new(std::size_t size) {
  void* const block =
      size > grading::largest_block ? nullptr : std::malloc(size);
  return block != nullptr ? block : throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* block) noexcept {
  std::free(block);
}

[[gnu::noinline]] void operator delete(void* block,
                                       std::size_t) noexcept {
  std::free(block);
}
