// Finds data races: two accesses to the same byte from two threads, at
// least one of them a write, not both atomic, and neither of which
// happened before the other.
//
// Each eight bytes of memory have a list: who accessed which of the
// bytes, how, in which epoch, and from where. A new access is compared
// with the whole list. It replaces, byte by byte, those that it makes
// superfluous; nothing else is dropped, so that no race is missed while
// the memory that a schedule touches fits into the shadow (2 MiB).
//
// A free is a write to the whole block, so that a late access to an
// object that has died is a race too.
//
// Book: appendix "How the explorer works", section Races.
// Model: ThreadSanitizer's shadow (Serebryany and Iskhodzhanov, 2009);
// the epochs of FastTrack.

#pragma once

#include <cstddef>
#include <cstdint>

namespace explore {

enum class access_kind : std::uint8_t {
  read,
  write,
  atomic_read,
  atomic_write,
  use,      // of a primitive (a notify, a post) that others use too
  destroy,  // … and its end
  release,  // the memory was freed
};

/// Notes an access of the calling thread and fails the schedule if it
/// races with an earlier one. Precondition: explored().
void note_access(const void* address, std::size_t size,
                 access_kind kind, const void* pc);

/// [address, address + size) is new memory: nobody has been there.
void forget_accesses(const void* address, std::size_t size);

}  // namespace explore
