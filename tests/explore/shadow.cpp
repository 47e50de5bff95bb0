#include "shadow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "schedule.hpp"

namespace explore {
namespace {

constexpr std::size_t granule = 8;
constexpr std::size_t page_bytes = 512;
constexpr std::size_t page_granules = page_bytes / granule;
constexpr std::size_t pages = 4096;  // a power of two
constexpr std::uint32_t most_accesses = 1u << 17;
constexpr std::size_t probes = 16;

/// One remembered access.
struct access {
  const void* pc = nullptr;
  std::uint32_t epoch = 0;
  std::uint32_t next = 0;  // of the same granule; 0: none
  std::uint8_t thread = 0;
  std::uint8_t bytes = 0;  // a bit for each byte of the granule
  access_kind kind = access_kind::read;
};

struct shadow_page {
  std::uintptr_t key = 0;  // the page's address / page_bytes; 0: free
  std::array<std::uint32_t, page_granules> first{};
};

std::array<shadow_page, pages> table;
// Indices start at 1. Free ones are linked by `next`.
std::array<access, most_accesses> accesses;
std::uint32_t first_free = 0;
std::uint32_t used = 0;

bool is_atomic(access_kind kind) {
  return kind == access_kind::atomic_read ||
         kind == access_kind::atomic_write || kind == access_kind::use;
}

bool is_write(access_kind kind) {
  return kind == access_kind::write ||
         kind == access_kind::atomic_write ||
         kind == access_kind::destroy || kind == access_kind::release;
}

const char* verb(access_kind kind) {
  switch (kind) {
    case access_kind::read:
      return "reads";
    case access_kind::write:
      return "writes";
    case access_kind::atomic_read:
      return "reads (atomically)";
    case access_kind::atomic_write:
      return "writes (atomically)";
    case access_kind::use:
      return "uses";
    case access_kind::destroy:
      return "destroys";
    case access_kind::release:
      return "frees";
  }
  return "";
}

void give_back(std::uint32_t& first) {
  while (first != 0) {
    const std::uint32_t next = accesses[first].next;
    accesses[first].next = first_free;
    first_free = std::exchange(first, next);
  }
}

/// A free access; 0 where the schedule has used up all of them.
std::uint32_t take() {
  if (first_free != 0) {
    return std::exchange(first_free, accesses[first_free].next);
  }
  return used + 1 < most_accesses ? ++used : 0;
}

/// Neighbours in memory are neighbours in the table, so that a
/// schedule touches few of the table's own pages.
std::size_t home_of(std::uintptr_t key) {
  const std::uintptr_t region = key >> 10;
  return (key + region * 0x9e37u) % pages;
}

shadow_page* find_page(std::uintptr_t key) {
  const std::size_t home = home_of(key);
  for (std::size_t i = 0; i < probes; ++i) {
    shadow_page& each = table[(home + i) % pages];
    if (each.key == key) {
      return &each;
    }
    if (each.key == 0) {
      return nullptr;
    }
  }
  return nullptr;
}

/// The page `key`, new if needed. A schedule that touches more than
/// there is room for forgets an older page: races are then missed, but
/// none is invented.
shadow_page& page_at(std::uintptr_t key) {
  const std::size_t home = home_of(key);
  for (std::size_t i = 0; i < probes; ++i) {
    shadow_page& each = table[(home + i) % pages];
    if (each.key == key) {
      return each;
    }
    if (each.key == 0) {
      each.key = key;
      return each;
    }
  }
  shadow_page& given = table[home];
  for (std::uint32_t& each : given.first) {
    give_back(each);
  }
  given.key = key;
  return given;
}

void fail_race(const access& before, const access& now,
               std::uintptr_t address) {
  schedule& running = current_schedule();
  record& log = running.log();
  const auto suppressed =
      std::span(log.suppressed)
          .first(static_cast<std::size_t>(log.suppressions));
  if (std::ranges::find(suppressed, now.pc) != suppressed.end() ||
      std::ranges::find(suppressed, before.pc) != suppressed.end()) {
    return;
  }
  const auto& earlier = running.threads()[before.thread];
  log.pc = now.pc;
  log.other_pc = before.pc;
  log.other = before.thread;
  log.address = reinterpret_cast<const void*>(address);
  const bool freed = before.kind == access_kind::release;
  const bool ordered =
      schedule::self()->clock.includes(before.thread, before.epoch);
  const char* kind = !freed    ? "data race"
                     : ordered ? "use after free"
                               : "data race with freed memory";
  running.fail(
      ending::race,
      fmt::format(
          "{}: {} {} what {} {}{}", kind, schedule::self()->role.data(),
          verb(now.kind), earlier.role.data(), verb(before.kind),
          ordered ? " before" : ", and nothing orders the two"));
}

/// Whether `now` makes `old` superfluous on the bytes that they share:
/// whoever races with `old` in the future also races with `now`.
bool supersedes(const access& now, const access& old,
                const vector_clock& known) {
  const bool as_strong = (is_write(now.kind) || !is_write(old.kind)) &&
                         (!is_atomic(now.kind) || is_atomic(old.kind));
  return as_strong && known.includes(old.thread, old.epoch);
}

void check(const access& old, const access& now,
           const vector_clock& known, std::uintptr_t address) {
  const bool conflict = old.thread != now.thread &&
                        (is_write(old.kind) || is_write(now.kind)) &&
                        !(is_atomic(old.kind) && is_atomic(now.kind));
  const bool freed = old.kind == access_kind::release;
  if (freed || (conflict && !known.includes(old.thread, old.epoch))) {
    fail_race(old, now, address);
  }
}

/// Compares `now` with all that is remembered of the granule, and
/// remembers it. Nothing else is forgotten than what it supersedes.
void note_granule(std::uintptr_t key, access now,
                  const vector_clock& known) {
  std::uint32_t* link =
      &page_at(key / page_granules).first[key % page_granules];
  std::uint32_t* const first = link;
  std::uint32_t place = 0;
  while (*link != 0) {
    access& old = accesses[*link];
    if ((old.bytes & now.bytes) != 0) {
      check(old, now, known, key * granule);
      if (supersedes(now, old, known)) {
        old.bytes &= static_cast<std::uint8_t>(~now.bytes);
      }
    }
    if (old.bytes != 0) {
      link = &old.next;
      continue;
    }
    const std::uint32_t dropped = std::exchange(*link, old.next);
    if (place == 0) {
      place = dropped;
    } else {
      old.next = std::exchange(first_free, dropped);
    }
  }
  place = place != 0 ? place : take();
  if (place != 0) {
    now.next = *first;
    accesses[place] = now;
    *first = place;
  }
}

}  // namespace

void note_access(const void* address, std::size_t size,
                 access_kind kind, const void* pc) {
  const thread& me = *schedule::self();
  auto at = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t end = at + size;
  while (at < end) {
    const std::uintptr_t key = at / granule;
    const std::uintptr_t stop = std::min(end, (key + 1) * granule);
    const unsigned width = static_cast<unsigned>(stop - at);
    const unsigned mask = ((1u << width) - 1) << (at % granule);
    note_granule(key,
                 access{.pc = pc,
                        .epoch = me.clock.of(me.id),
                        .thread = static_cast<std::uint8_t>(me.id),
                        .bytes = static_cast<std::uint8_t>(mask),
                        .kind = kind},
                 me.clock);
    at = stop;
  }
}

void forget_accesses(const void* address, std::size_t size) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t last = (at + size + granule - 1) / granule;
  for (std::uintptr_t key = at / granule; key < last;) {
    const std::uintptr_t number = key / page_granules;
    const std::uintptr_t end =
        std::min(last, (number + 1) * page_granules);
    if (shadow_page* const found = find_page(number)) {
      for (; key < end; ++key) {
        give_back(found->first[key % page_granules]);
      }
    }
    key = end;
  }
}

}  // namespace explore
