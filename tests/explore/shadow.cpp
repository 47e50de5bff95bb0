#include "shadow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "schedule.hpp"

namespace explore {
namespace {

constexpr std::size_t granule = 8;
constexpr std::size_t cells = 4;
constexpr std::size_t granules = 1u << 15;

/// One remembered access; `epoch` 0 marks a free cell.
struct access {
  const void* pc = nullptr;
  std::uint32_t epoch = 0;
  std::uint8_t thread = 0;
  std::uint8_t bytes = 0;  // a bit for each byte of the granule
  access_kind kind = access_kind::read;
};

struct shadow_granule {
  std::uintptr_t key = 0;  // the granule's address / 8; 0: free
  std::array<access, cells> seen{};
};

std::array<shadow_granule, granules> table;

bool is_atomic(access_kind kind) {
  return kind == access_kind::atomic_read ||
         kind == access_kind::atomic_write;
}

bool is_write(access_kind kind) {
  return kind == access_kind::write ||
         kind == access_kind::atomic_write ||
         kind == access_kind::release;
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
    case access_kind::release:
      return "frees";
  }
  return "";
}

/// Neighbours in memory are neighbours in the table, so that a
/// schedule touches few of its pages. Older granules are overwritten
/// when two collide: a missed race, never a false one.
shadow_granule& granule_at(std::uintptr_t key) {
  const std::uintptr_t region = key >> 14;
  shadow_granule& found = table[(key + region * 0x9e37u) % granules];
  if (found.key != key) {
    found = shadow_granule{};
    found.key = key;
  }
  return found;
}

void fail_race(const access& before, const access& now,
               std::uintptr_t address) {
  schedule& running = current_schedule();
  record& log = running.log();
  const auto pardoned =
      std::span(log.pardoned)
          .first(static_cast<std::size_t>(log.pardons));
  if (std::ranges::find(pardoned, now.pc) != pardoned.end() ||
      std::ranges::find(pardoned, before.pc) != pardoned.end()) {
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

/// Whether `now` makes `old` superfluous: whoever races with `old` in
/// the future also races with `now`.
bool supersedes(const access& now, const access& old,
                const vector_clock& known) {
  const bool covers = (old.bytes & ~now.bytes) == 0;
  const bool ordered = known.includes(old.thread, old.epoch);
  const bool as_strong = (is_write(now.kind) || !is_write(old.kind)) &&
                         (!is_atomic(now.kind) || is_atomic(old.kind));
  return covers && ordered && as_strong;
}

void note_granule(std::uintptr_t key, const access& now,
                  const vector_clock& known) {
  auto& seen = granule_at(key).seen;
  access* place = nullptr;
  for (access& old : seen) {
    if (old.epoch == 0) {
      place = place == nullptr ? &old : place;
      continue;
    }
    const bool overlap = (old.bytes & now.bytes) != 0;
    const bool conflict = overlap && old.thread != now.thread &&
                          (is_write(old.kind) || is_write(now.kind)) &&
                          !(is_atomic(old.kind) && is_atomic(now.kind));
    const bool dead = overlap && old.kind == access_kind::release;
    if (dead || (conflict && !known.includes(old.thread, old.epoch))) {
      fail_race(old, now, key * granule);
    }
    if (supersedes(now, old, known)) {
      old.epoch = 0;
      place = &old;
    }
  }
  // No cell is free: the oldest gives way.
  if (place == nullptr) {
    std::rotate(seen.begin(), seen.begin() + 1, seen.end());
    place = &seen.back();
  }
  *place = now;
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
  for (std::uintptr_t key = at / granule; key < last; ++key) {
    const std::uintptr_t region = key >> 14;
    shadow_granule& found = table[(key + region * 0x9e37u) % granules];
    if (found.key == key) {
      found = shadow_granule{};
    }
  }
}

}  // namespace explore
