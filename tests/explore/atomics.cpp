// The hooks that -fsanitize=thread puts in place of atomic operations.
//
// Each is a step: others may go first. Values are exchanged in one
// order that all threads agree on, but for stores weaker than seq_cst,
// which may wait in the thread's store buffer. What a load, store or
// fence orders is followed in vector clocks by its memory order, so
// that a relaxed publication is found as a race on what it publishes.
//
// What this cannot show: loads that read older values than memory
// holds, and stores that overtake one another, as on ARM.
//
// Book: appendix "How the explorer works", section Stores that wait.

#include <cstring>

#include "hooks.hpp"
#include "shadow.hpp"

namespace {

using namespace explore;

enum order { relaxed, consume, acquire, release, acq_rel, seq_cst };

bool acquires(int order) {
  return order == consume || order == acquire || order == acq_rel ||
         order == seq_cst;
}

bool releases(int order) {
  return order == release || order == acq_rel || order == seq_cst;
}

/// Learns what was published at `address`: now, or at the next fence.
void learn(const void* address, std::size_t size, int order) {
  schedule& running = current_schedule();
  thread& me = *schedule::self();
  vector_clock& into = acquires(order) ? me.clock : me.pending_acquire;
  if (const auto* told = running.clocks().find(address)) {
    into.join(*told);
  }
  // libstdc++ reads shared_ptr's two counters as one word of eight.
  if (size == 8) {
    const auto* half = static_cast<const char*>(address) + 4;
    if (const auto* told = running.clocks().find(half)) {
      into.join(*told);
    }
  }
}

/// What a store of `order` tells whoever acquires it.
const vector_clock& told_by(int order) {
  const thread& me = *schedule::self();
  return releases(order) ? me.clock : me.last_release;
}

/// A read-modify-write continues a release sequence: it adds to what
/// was published. A store replaces it.
void publish(const void* address, int order, bool adds) {
  schedule& running = current_schedule();
  thread& me = *schedule::self();
  if (auto* told = running.clocks().get(address)) {
    if (!adds) {
      *told = vector_clock{};
    }
    told->join(told_by(order));
  }
  if (releases(order)) {
    me.clock.tick(me.id);
  }
}

void begin_step(operation what, const volatile void* address,
                std::size_t size, access_kind kind, const void* pc) {
  const auto* at = const_cast<const void*>(address);
  current_schedule().announce(what, at, pc);
  note_access(at, size, kind, pc);
}

template <typename Value>
Value load(const volatile Value* address, int order, const void* pc) {
  if (!explored()) {
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);
  }
  begin_step(operation::load, address, sizeof(Value),
             access_kind::atomic_read, pc);
  const auto* at = const_cast<const Value*>(address);
  if (const auto* own = schedule::self()->stores.newest(at)) {
    return static_cast<Value>(own->value);
  }
  learn(at, sizeof(Value), order);
  return *at;
}

template <typename Value>
void store(volatile Value* address, Value value, int order,
           const void* pc) {
  if (!explored()) {
    __atomic_store_n(address, value, __ATOMIC_SEQ_CST);
    return;
  }
  begin_step(operation::store, address, sizeof(Value),
             access_kind::atomic_write, pc);
  schedule& running = current_schedule();
  thread& me = *schedule::self();
  auto* at = const_cast<Value*>(address);
  if (order == seq_cst || sizeof(Value) > 8) {
    running.drain();
    publish(at, order, false);
    *at = value;
    return;
  }
  if (me.stores.full()) {
    running.commit_front(me);
  }
  me.stores.push({.address = at,
                  .size = sizeof(Value),
                  .releases = releases(order),
                  .value = static_cast<std::uint64_t>(value),
                  .published = told_by(order)});
  if (releases(order)) {
    me.clock.tick(me.id);
  }
  if (!running.chance().happens(accident::delay_store)) {
    running.drain();
  }
}

/// Every read-modify-write, successful or not, drains the buffer.
template <typename Value, typename Change>
Value modify(volatile Value* address, int order, const void* pc,
             Change change) {
  auto* at = const_cast<Value*>(address);
  begin_step(operation::exchange, at, sizeof(Value),
             access_kind::atomic_write, pc);
  current_schedule().drain();
  const Value before = *at;
  learn(at, sizeof(Value), order);
  publish(at, order, true);
  *at = change(before);
  return before;
}

template <typename Value>
bool compare_exchange(volatile Value* address, Value* expected,
                      Value desired, int order, int failure, bool weak,
                      const void* pc) {
  if (!explored()) {
    return __atomic_compare_exchange_n(address, expected, desired,
                                       false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
  }
  auto* at = const_cast<Value*>(address);
  begin_step(operation::exchange, at, sizeof(Value),
             access_kind::atomic_write, pc);
  current_schedule().drain();
  if (*at != *expected ||
      (weak && current_schedule().fails_spuriously())) {
    learn(at, sizeof(Value), failure);
    *expected = *at;
    return false;
  }
  learn(at, sizeof(Value), order);
  publish(at, order, true);
  *at = desired;
  return true;
}

}  // namespace

#define EXPLORE_MODIFY(bits, Value, name, expression)              \
  Value __tsan_atomic##bits##_##name(volatile Value* address,      \
                                     Value operand, int order);    \
  Value __tsan_atomic##bits##_##name(volatile Value* address,      \
                                     Value operand, int order) {   \
    if (!explored()) {                                             \
      Value before = __atomic_load_n(address, __ATOMIC_SEQ_CST);   \
      while (!__atomic_compare_exchange_n(                         \
          address, &before, static_cast<Value>(expression), false, \
          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {                   \
      }                                                            \
      return before;                                               \
    }                                                              \
    return modify(address, order, EXPLORE_CALLER,                  \
                  [operand]([[maybe_unused]] Value before) {       \
                    return static_cast<Value>(expression);         \
                  });                                              \
  }

#define EXPLORE_ATOMIC(bits, Value)                               \
  Value __tsan_atomic##bits##_load(const volatile Value* address, \
                                   int order);                    \
  Value __tsan_atomic##bits##_load(const volatile Value* address, \
                                   int order) {                   \
    return load(address, order, EXPLORE_CALLER);                  \
  }                                                               \
  void __tsan_atomic##bits##_store(volatile Value* address,       \
                                   Value value, int order);       \
  void __tsan_atomic##bits##_store(volatile Value* address,       \
                                   Value value, int order) {      \
    store(address, value, order, EXPLORE_CALLER);                 \
  }                                                               \
  int __tsan_atomic##bits##_compare_exchange_strong(              \
      volatile Value* address, Value* expected, Value desired,    \
      int order, int failure);                                    \
  int __tsan_atomic##bits##_compare_exchange_strong(              \
      volatile Value* address, Value* expected, Value desired,    \
      int order, int failure) {                                   \
    return compare_exchange(address, expected, desired, order,    \
                            failure, false, EXPLORE_CALLER);      \
  }                                                               \
  int __tsan_atomic##bits##_compare_exchange_weak(                \
      volatile Value* address, Value* expected, Value desired,    \
      int order, int failure);                                    \
  int __tsan_atomic##bits##_compare_exchange_weak(                \
      volatile Value* address, Value* expected, Value desired,    \
      int order, int failure) {                                   \
    return compare_exchange(address, expected, desired, order,    \
                            failure, true, EXPLORE_CALLER);       \
  }                                                               \
  Value __tsan_atomic##bits##_compare_exchange_val(               \
      volatile Value* address, Value expected, Value desired,     \
      int order, int failure);                                    \
  Value __tsan_atomic##bits##_compare_exchange_val(               \
      volatile Value* address, Value expected, Value desired,     \
      int order, int failure) {                                   \
    compare_exchange(address, &expected, desired, order, failure, \
                     false, EXPLORE_CALLER);                      \
    return expected;                                              \
  }                                                               \
  EXPLORE_MODIFY(bits, Value, exchange, operand)                  \
  EXPLORE_MODIFY(bits, Value, fetch_add, before + operand)        \
  EXPLORE_MODIFY(bits, Value, fetch_sub, before - operand)        \
  EXPLORE_MODIFY(bits, Value, fetch_and, before& operand)         \
  EXPLORE_MODIFY(bits, Value, fetch_or, before | operand)         \
  EXPLORE_MODIFY(bits, Value, fetch_xor, before ^ operand)        \
  EXPLORE_MODIFY(bits, Value, fetch_nand, ~(before & operand))

extern "C" {

EXPLORE_ATOMIC(8, std::uint8_t)
EXPLORE_ATOMIC(16, std::uint16_t)
EXPLORE_ATOMIC(32, std::uint32_t)
EXPLORE_ATOMIC(64, std::uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (!explored()) {
    return;
  }
  schedule& running = current_schedule();
  running.announce(operation::fence, nullptr, EXPLORE_CALLER);
  thread& me = *schedule::self();
  if (acquires(order)) {
    me.clock.join(me.pending_acquire);
  }
  if (releases(order)) {
    me.last_release = me.clock;
    me.clock.tick(me.id);
  }
  // Only a full fence waits for the store buffer; on x86 the weaker
  // ones are no instructions at all.
  if (order == seq_cst) {
    running.drain();
  }
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
