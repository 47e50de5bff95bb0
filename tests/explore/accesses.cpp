// The hooks that -fsanitize=thread puts at plain memory accesses.
//
// The compiler calls one before each load and store that another
// thread could see. They are no places to switch threads: a program
// whose plain accesses race is wrong however they interleave, and one
// whose plain accesses do not race cannot tell. They look for races.
//
// Book: appendix "How the explorer works", section Races.

#include <cstring>

#include "hooks.hpp"
#include "shadow.hpp"

namespace {

using namespace explore;

inline void note(const void* address, std::size_t size, bool writes,
                 const void* pc) {
  if (explored()) {
    note_access(address, size,
                writes ? access_kind::write : access_kind::read, pc);
    if (writes) {
      current_schedule().memory().forget(address, size);
    }
  }
}

}  // namespace

#define EXPLORE_ACCESS(kind, size, writes)       \
  void __tsan_##kind##size(void* address);       \
  void __tsan_##kind##size(void* address) {      \
    note(address, size, writes, EXPLORE_CALLER); \
  }

#define EXPLORE_ACCESSES(size)                         \
  EXPLORE_ACCESS(read, size, false)                    \
  EXPLORE_ACCESS(write, size, true)                    \
  EXPLORE_ACCESS(unaligned_read, size, false)          \
  EXPLORE_ACCESS(unaligned_write, size, true)          \
  EXPLORE_ACCESS(volatile_read, size, false)           \
  EXPLORE_ACCESS(volatile_write, size, true)           \
  EXPLORE_ACCESS(unaligned_volatile_read, size, false) \
  EXPLORE_ACCESS(unaligned_volatile_write, size, true) \
  EXPLORE_ACCESS(read_write, size, true)               \
  EXPLORE_ACCESS(unaligned_read_write, size, true)

extern "C" {

EXPLORE_ACCESSES(1)
EXPLORE_ACCESSES(2)
EXPLORE_ACCESSES(4)
EXPLORE_ACCESSES(8)
EXPLORE_ACCESSES(16)

void __tsan_read_range(void* address, std::size_t size);
void __tsan_read_range(void* address, std::size_t size) {
  note(address, size, false, EXPLORE_CALLER);
}

void __tsan_write_range(void* address, std::size_t size);
void __tsan_write_range(void* address, std::size_t size) {
  note(address, size, true, EXPLORE_CALLER);
}

/// A constructor or destructor changes the object's dynamic type. To
/// write the same pointer again is no change.
void __tsan_vptr_update(void** slot, void* value);
void __tsan_vptr_update(void** slot, void* value) {
  if (*slot != value) {
    note(slot, sizeof *slot, true, EXPLORE_CALLER);
  }
}

void __tsan_vptr_read(void** slot);
void __tsan_vptr_read(void** slot) {
  note(slot, sizeof *slot, false, EXPLORE_CALLER);
}

// clang sends these three through the runtime; g++ does not.
void* __tsan_memcpy(void* to, const void* from, std::size_t size);
void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
  note(from, size, false, EXPLORE_CALLER);
  note(to, size, true, EXPLORE_CALLER);
  return std::memcpy(to, from, size);
}

void* __tsan_memmove(void* to, const void* from, std::size_t size);
void* __tsan_memmove(void* to, const void* from, std::size_t size) {
  note(from, size, false, EXPLORE_CALLER);
  note(to, size, true, EXPLORE_CALLER);
  return std::memmove(to, from, size);
}

void* __tsan_memset(void* to, int value, std::size_t size);
void* __tsan_memset(void* to, int value, std::size_t size) {
  note(to, size, true, EXPLORE_CALLER);
  return std::memset(to, value, size);
}

void __tsan_init();
void __tsan_init() {}
void __tsan_func_entry(void*);
void __tsan_func_entry(void*) {}
void __tsan_func_exit();
void __tsan_func_exit() {}
void __tsan_ignore_thread_begin();
void __tsan_ignore_thread_begin() {}
void __tsan_ignore_thread_end();
void __tsan_ignore_thread_end() {}

}  // extern "C"
