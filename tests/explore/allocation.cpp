// What the explorer must know of memory: when it is new, and when it
// is gone. And which block is missing, if a test wants that.
//
// New memory has no history, else a race would be seen with whoever
// used the block before. Freed memory is written by its owner for the
// last time, so that a late access shows as a race.
//
// Book: appendix "How the explorer works", section Races.

#include <malloc.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "explore.hpp"
#include "hooks.hpp"
#include "shadow.hpp"

// The C library's own names for what we stand in front of. dlsym
// cannot serve here: it allocates.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace {

using namespace explore;

/// Of larger blocks only the beginning is watched after a free.
constexpr std::size_t watched = 1'024;

/// Whether this is the block that a missing_block lets be missing.
bool is_missing(std::size_t size) {
  if (!explored()) {
    return false;
  }
  thread& me = *schedule::self();
  if (me.missing_block == SIZE_MAX || size < me.missing_from) {
    return false;
  }
  if (me.missing_block-- > 0) {
    return false;
  }
  errno = ENOMEM;  // and the counter is SIZE_MAX now
  return true;
}

void* born(void* block) {
  if (block != nullptr && explored()) {
    const std::size_t size = malloc_usable_size(block);
    forget_accesses(block, size);
    current_schedule().clocks().forget(block, size);
    current_schedule().memory().forget(block, size);
  }
  return block;
}

void dies(void* block, std::size_t size, const void* caller) {
  if (block != nullptr && explored()) {
    note_access(block, size < watched ? size : watched,
                access_kind::release, caller);
  }
}

}  // namespace

explore::missing_block::missing_block(std::size_t before,
                                      std::size_t bytes) {
  thread& me = *schedule::self();
  me.missing_from = bytes;
  me.missing_block = before;
}

explore::missing_block::~missing_block() {
  schedule::self()->missing_block = SIZE_MAX;
}

extern "C" {

void* malloc(std::size_t size) {
  return is_missing(size) ? nullptr : born(__libc_malloc(size));
}

void* calloc(std::size_t count, std::size_t size) {
  return is_missing(count * size) ? nullptr
                                  : born(__libc_calloc(count, size));
}

void* realloc(void* block, std::size_t size) {
  if (size > 0 && is_missing(size)) {
    return nullptr;  // and the old block is still there
  }
  const std::size_t before =
      block == nullptr ? 0 : malloc_usable_size(block);
  void* const moved = __libc_realloc(block, size);
  if (moved != nullptr || size == 0) {
    dies(block, before, EXPLORE_CALLER);
  }
  return born(moved);
}

void* memalign(std::size_t alignment, std::size_t size) {
  return is_missing(size) ? nullptr
                          : born(__libc_memalign(alignment, size));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return is_missing(size) ? nullptr
                          : born(__libc_memalign(alignment, size));
}

int posix_memalign(void** block, std::size_t alignment,
                   std::size_t size) {
  void* const made = is_missing(size)
                         ? nullptr
                         : born(__libc_memalign(alignment, size));
  if (made == nullptr) {
    return ENOMEM;
  }
  *block = made;
  return 0;
}

void free(void* block) {
  dies(block, block == nullptr ? 0 : malloc_usable_size(block),
       EXPLORE_CALLER);
  __libc_free(block);
}

}  // extern "C"
