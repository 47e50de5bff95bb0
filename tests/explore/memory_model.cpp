#include "memory_model.hpp"

#include <algorithm>
#include <utility>

namespace explore {

namespace {

std::uintptr_t number_of(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

}  // namespace

void memory_model::clear() {
  std::fill_n(stores_.begin(), used_stores_, past_store{});
  std::fill_n(locations_.begin(), used_locations_, location{});
  std::fill_n(fences_.begin(), fences_made_, fence_in_s{});
  cells_.fill({});
  filter_.reset();
  made_ = arrived_ = s_ = fences_made_ = 0;
  overflowed_ = false;
  free_store_ = free_location_ = none;
  used_stores_ = used_locations_ = 0;
}

// ---- Rules ---------------------------------------------------------

/// Whether a thread that knows `known` can no longer read or write what
/// comes before `store` in modification order. `in_s`: its access is
/// seq_cst.
///
/// The letters are those of [atomics.order]/4: A, the access, would be
/// coherence-ordered before B, one of the accesses that touched
/// `store`; so A must not come after B in happens-before or in S.
bool memory_model::must_see(const past_store& store,
                            const vector_clock& known,
                            bool in_s) const {
  // Coherence, all four rules: B happens before A.
  if (store.made <= arrived_ || store.seen.meets(known)) {
    return true;
  }
  if (known.fence() > 0) {
    // A fence X happens before A; B is seq_cst and precedes X, or
    // happens before a fence Y that precedes X.
    const fence_in_s& last = fences_[known.fence() - 1];
    if ((store.first_in_s != 0 && store.first_in_s < last.at) ||
        store.seen.meets(last.clock)) {
      return true;
    }
  }
  // A is seq_cst; B is too, or happens before some fence Y.
  return in_s && (store.first_in_s != 0 ||
                  (fences_made_ > 0 &&
                   store.seen.meets(fences_[fences_made_ - 1].clock)));
}

std::size_t memory_model::oldest_readable(const location& where,
                                          const vector_clock& known,
                                          bool in_s) {
  std::size_t i = where.count - 1u;
  while (i > 0 && !must_see(at(where, i), known, in_s)) {
    --i;
  }
  return i;
}

void memory_model::note_access(thread_view& me, past_store& store,
                               int order) {
  store.seen.note_first(me.id, me.clock.of(me.id));
  if (order == seq_cst && store.first_in_s == 0) {
    store.first_in_s = ++s_;
  }
}

/// Reads the i-th store: learns what it published, now or at the next
/// acquire fence.
memory_model::outcome memory_model::read(thread_view& me,
                                         location& where, std::size_t i,
                                         int order) {
  past_store& from = at(where, i);
  note_access(me, from, order);
  (acquires(order) ? me.clock : me.pending_acquire)
      .join(from.published);
  return {.value = from.value,
          .from = from.step,
          .newest = newest(where).step,
          .stale = i + 1 < where.count};
}

/// `continues`: what the store published that a read-modify-write has
/// read. It goes on with that store's release sequence.
void memory_model::write(thread_view& me, location& where,
                         std::size_t position, bits value, int order,
                         std::uint32_t step,
                         const vector_clock* continues) {
  vector_clock published = releases(order) ? me.clock : me.last_release;
  if (continues != nullptr) {
    published.join(*continues);
  }
  past_store& made = insert(where, position);
  made.value = value;
  made.step = step;
  made.modifies = continues != nullptr;
  made.published = published;
  note_access(me, made, order);
  if (releases(order)) {
    me.clock.tick(me.id);
  }
}

// ---- Operations ----------------------------------------------------

memory_model::outcome memory_model::load(thread_view& me,
                                         const object& what, int order,
                                         memory_choices& choose) {
  bool overlaps = false;
  if (find(what, overlaps) == nullptr && overlaps) {
    return read_mixed(me, what, order);
  }
  location& here = location_of(what);
  const std::size_t last = here.count - 1u;
  const std::size_t floor =
      oldest_readable(here, me.clock, order == seq_cst);
  const std::size_t older =
      floor == last ? 0 : choose.stale_read(last - floor + 1);
  return read(me, here, last - older, order);
}

memory_model::outcome memory_model::store(thread_view& me,
                                          const object& what,
                                          bits value, int order,
                                          memory_choices& choose) {
  location& here = location_of(what);
  const std::size_t floor =
      oldest_readable(here, me.clock, order == seq_cst);
  // After the last store, or between two others; but (I2).
  std::array<std::size_t, depth> places{here.count};
  std::size_t count = 1;
  for (std::size_t i = here.count - 1u; i > floor; --i) {
    if (!at(here, i).modifies) {
      places[count++] = i;
    }
  }
  const std::size_t position =
      places[count == 1 ? 0 : choose.late_store(count)];
  const bool last = position == here.count;
  write(me, here, position, value, order, what.step, nullptr);
  return {.value = value, .to_memory = last};
}

memory_model::outcome memory_model::modify(
    thread_view& me, const object& what, change compute,
    const void* context, int order, memory_choices& choose) {
  location& here = location_of(what);
  const std::size_t last = here.count - 1u;
  const std::size_t floor =
      oldest_readable(here, me.clock, order == seq_cst);
  std::array<std::size_t, depth> readable{last};
  std::size_t count = 1;
  for (std::size_t i = last; i-- > floor;) {
    if (!at(here, i + 1).modifies) {  // (I2)
      readable[count++] = i;
    }
  }
  const std::size_t chosen =
      readable[count == 1 ? 0 : choose.stale_read(count)];
  outcome got = read(me, here, chosen, order);
  got.to_memory = chosen == last;
  const vector_clock continues = at(here, chosen).published;
  write(me, here, chosen + 1, compute(context, got.value), order,
        what.step, &continues);
  return got;
}

memory_model::outcome memory_model::compare_exchange(
    thread_view& me, const object& what, bits expected, bits desired,
    int order, int failure, bool fails, memory_choices& choose) {
  location& here = location_of(what);
  const std::size_t last = here.count - 1u;
  if (fails) {
    outcome got = read(me, here, last, failure);
    got.succeeded = false;
    return got;
  }
  const std::size_t to_change =
      oldest_readable(here, me.clock, order == seq_cst);
  const std::size_t to_load =
      oldest_readable(here, me.clock, failure == seq_cst);
  std::array<std::size_t, depth> readable{last};
  std::size_t count = 1;
  for (std::size_t i = last; i-- > 0;) {
    const bool exchanges = at(here, i).value == expected;
    if (exchanges ? i >= to_change && !at(here, i + 1).modifies
                  : i >= to_load) {
      readable[count++] = i;
    }
  }
  const std::size_t chosen =
      readable[count == 1 ? 0 : choose.stale_read(count)];
  const bool exchanges = at(here, chosen).value == expected;
  outcome got = read(me, here, chosen, exchanges ? order : failure);
  got.succeeded = exchanges;
  if (exchanges) {
    got.to_memory = chosen == last;
    const vector_clock continues = at(here, chosen).published;
    write(me, here, chosen + 1, desired, order, what.step, &continues);
  }
  return got;
}

void memory_model::fence(thread_view& me, int order) {
  if (acquires(order)) {
    me.clock.join(me.pending_acquire);
  }
  if (order == seq_cst) {
    order_in_s(me);
  }
  if (releases(order)) {
    me.last_release = me.clock;
    me.clock.tick(me.id);
  }
}

/// Fences are numbered in the order S. Where there are more of them
/// than can be kept, the last ones count as one; that forbids more than
/// the standard does.
void memory_model::order_in_s(thread_view& me) {
  if (fences_made_ < most_fences) {
    ++fences_made_;
    if (fences_made_ > 1) {
      fences_[fences_made_ - 1].clock = fences_[fences_made_ - 2].clock;
    }
  }
  fence_in_s& made = fences_[fences_made_ - 1];
  made.clock.join(me.clock);
  made.at = ++s_;
  me.clock.note_fence(fences_made_);
  me.clock.tick(me.id);
}

// ---- Storage -------------------------------------------------------

memory_model::cell* memory_model::find_cell(std::uintptr_t key,
                                            bool to_begin) {
  if (!to_begin && !filter_.test(key % filter_bits)) {
    return nullptr;
  }
  cell* dead = nullptr;
  std::size_t place = key * 0x9e3779b97f4a7c15u >> 40;
  for (std::size_t tries = 0; tries < most_locations; ++tries) {
    cell& each = cells_[place++ % most_locations];
    if (each.key == key) {
      return &each;
    }
    if (each.key != 0) {
      dead = dead == nullptr && each.first == none ? &each : dead;
      continue;
    }
    dead = dead == nullptr ? &each : dead;
    break;
  }
  if (!to_begin || dead == nullptr) {
    return nullptr;
  }
  filter_.set(key % filter_bits);
  *dead = {.key = key};
  return dead;
}

/// The history of exactly this object. `overlaps`: there is one of
/// another that shares some of its bytes.
memory_model::location* memory_model::find(const object& what,
                                           bool& overlaps) {
  const std::uintptr_t begin = number_of(what.address);
  const cell* const found = find_cell(begin / cell_bytes, false);
  if (found == nullptr) {
    return nullptr;
  }
  const std::size_t offset = begin % cell_bytes;
  for (std::uint16_t i = found->first; i != none;
       i = locations_[i].next) {
    location& each = locations_[i];
    if (each.offset == offset && each.size == what.size) {
      return &each;
    }
    overlaps = overlaps || (each.offset < offset + what.size &&
                            offset < each.offset + each.size);
  }
  return nullptr;
}

template <typename Each>
void memory_model::for_each_overlapping(const object& what, Each each) {
  const std::uintptr_t begin = number_of(what.address);
  const cell* const found = find_cell(begin / cell_bytes, false);
  const std::size_t offset = begin % cell_bytes;
  for (std::uint16_t i = found == nullptr ? none : found->first;
       i != none; i = locations_[i].next) {
    location& other = locations_[i];
    if (other.offset < offset + what.size &&
        offset < other.offset + other.size) {
      each(other);
    }
  }
}

/// A load that is wider or narrower than the stores were (libstdc++
/// reads shared_ptr's two counters as one word): it reads memory, and
/// learns what the newest stores in it published.
memory_model::outcome memory_model::read_mixed(thread_view& me,
                                               const object& what,
                                               int order) {
  for_each_overlapping(what, [&](location& each) {
    past_store& last = newest(each);
    note_access(me, last, order);
    (acquires(order) ? me.clock : me.pending_acquire)
        .join(last.published);
  });
  return {.value = what.memory};
}

/// The history of the object, begun if needed. Histories of others
/// that share its bytes end, and so does its own if memory was written
/// by code that is not instrumented; what they published is kept.
memory_model::location& memory_model::location_of(const object& what) {
  bool overlaps = false;
  location* const found = find(what, overlaps);
  if (found != nullptr && newest(*found).value == what.memory) {
    return *found;
  }
  vector_clock published;
  if (found != nullptr || overlaps) {
    for_each_overlapping(what, [&](location& each) {
      published.join(newest(each).published);
    });
    forget(what.address, what.size);
  }
  return begin_location(what, published);
}

memory_model::location& memory_model::begin_location(
    const object& what, const vector_clock& published) {
  const std::uintptr_t begin = number_of(what.address);
  cell* const into = find_cell(begin / cell_bytes, true);
  const std::uint16_t index = into == nullptr ? none : take_location();
  const std::uint16_t first = index == none ? none : take_store();
  if (first == none) {
    overflowed_ = true;  // and any place will do
    locations_[0].count = 1;
    return locations_[0];
  }
  location& made = locations_[index];
  made = {.offset = static_cast<std::uint8_t>(begin % cell_bytes),
          .size = static_cast<std::uint8_t>(what.size),
          .count = 1,
          .next = into->first};
  made.order[0] = first;
  stores_[first].value = what.memory;
  stores_[first].published = published;
  into->first = index;
  return made;
}

/// A new store at `position` (at least 1) of the modification order.
/// Where there is no room, the oldest one gives way.
memory_model::past_store& memory_model::insert(location& where,
                                               std::size_t position) {
  std::uint16_t index = where.count >= depth_ ? none : take_store();
  const auto begin = where.order.begin();
  if (index == none) {
    index = where.order[0];
    stores_[index] = past_store{};
    std::copy(begin + 1, begin + where.count, begin);
    --where.count;
    --position;
  }
  const auto place = begin + static_cast<std::ptrdiff_t>(position);
  std::copy_backward(place, begin + where.count,
                     begin + where.count + 1);
  *place = index;
  ++where.count;
  stores_[index].made = ++made_;
  return stores_[index];
}

void memory_model::forget(const void* from, std::size_t size) {
  const std::uintptr_t begin = number_of(from);
  const std::uintptr_t end = begin + size;
  for (std::uintptr_t key = begin / cell_bytes; key * cell_bytes < end;
       ++key) {
    if (cell* const found = find_cell(key, false)) {
      drop(*found, begin, end);
    }
  }
}

/// Ends the histories in `from` that share a byte with [begin, end).
void memory_model::drop(cell& from, std::uintptr_t begin,
                        std::uintptr_t end) {
  std::uint16_t* link = &from.first;
  while (*link != none) {
    location& each = locations_[*link];
    const std::uintptr_t start = from.key * cell_bytes + each.offset;
    if (start >= end || begin >= start + each.size) {
      link = &each.next;
      continue;
    }
    for (std::size_t i = 0; i < each.count; ++i) {
      next_store_[each.order[i]] =
          std::exchange(free_store_, each.order[i]);
    }
    const std::uint16_t index = std::exchange(*link, each.next);
    each.next = std::exchange(free_location_, index);
  }
}

std::uint16_t memory_model::take_store() {
  if (free_store_ != none) {
    const std::uint16_t taken =
        std::exchange(free_store_, next_store_[free_store_]);
    stores_[taken] = past_store{};
    return taken;
  }
  return used_stores_ < most_stores ? used_stores_++ : none;
}

std::uint16_t memory_model::take_location() {
  if (free_location_ != none) {
    return std::exchange(free_location_,
                         locations_[free_location_].next);
  }
  return used_locations_ < most_locations ? used_locations_++ : none;
}

}  // namespace explore
