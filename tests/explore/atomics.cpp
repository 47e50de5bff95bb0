// The hooks that -fsanitize=thread puts in place of atomic operations.
//
// Each is a step: others may go first. What it reads, and whether
// memory changes at once, is up to the memory model.
//
// Book: appendix "How the explorer works", section Old values.

#include <cstdint>

#include "hooks.hpp"
#include "shadow.hpp"

namespace {

using namespace explore;

__extension__ using wide = unsigned __int128;

template <typename Value>
bits to_bits(Value value) {
  const auto all = static_cast<wide>(value);
  return {static_cast<std::uint64_t>(all),
          static_cast<std::uint64_t>(all >> 64)};
}

template <typename Value>
Value from_bits(const bits& from) {
  return static_cast<Value>(static_cast<wide>(from.high) << 64 |
                            from.low);
}

/// One atomic operation of the calling thread. The constructor is its
/// step; the members act on memory and the model.
template <typename Value>
class atomic_step {
 public:
  atomic_step(operation what, const volatile Value* address, int order,
              access_kind kind, const void* pc)
      : at_(const_cast<Value*>(address)), order_(order) {
    running_.announce(what, at_, pc);
    note_access(at_, sizeof(Value), kind, pc);
    found_ = {.address = at_,
              .size = sizeof(Value),
              .memory = to_bits(*at_),
              .step = me_.last_step};
  }

  Value load() {
    const auto got =
        running_.memory().load(me_, found_, order_, running_.chance());
    learn_clock(order_);
    return note(got, got.value);
  }

  void store(Value value) {
    const auto done = running_.memory().store(
        me_, found_, to_bits(value), order_, running_.chance());
    note(done, to_bits(value));
    if (done.to_memory) {
      *at_ = value;
    }
  }

  template <typename Change>
  Value modify(const Change& change) {
    const auto compute = [](const void* context, bits old) {
      return to_bits((*static_cast<const Change*>(context))(
          from_bits<Value>(old)));
    };
    const auto got = running_.memory().modify(
        me_, found_, compute, &change, order_, running_.chance());
    learn_clock(order_);
    const Value before = note(got, got.value);
    if (got.to_memory) {
      *at_ = change(before);
    }
    return before;
  }

  bool compare_exchange(Value* expected, Value desired, int failure,
                        bool weak) {
    const bool fails = weak && running_.fails_spuriously();
    const auto got = running_.memory().compare_exchange(
        me_, found_, to_bits(*expected), to_bits(desired), order_,
        failure, fails, running_.chance());
    learn_clock(got.succeeded ? order_ : failure);
    const Value before = note(got, got.value);
    if (!got.succeeded) {
      *expected = before;
    } else if (got.to_memory) {
      *at_ = desired;
    }
    return got.succeeded;
  }

 private:
  /// What code that is not instrumented published at the address: the
  /// flags of function-local statics are such.
  void learn_clock(int order) {
    if (const auto* published = running_.clocks().find(at_)) {
      (acquires(order) ? me_.clock : me_.pending_acquire)
          .join(*published);
    }
  }

  Value note(const memory_model::outcome& got, const bits& value) {
    if (running_.memory().overflowed()) {
      running_.fail(ending::too_large,
                    "the scenario uses more atomic objects than the "
                    "explorer can follow");
    }
    step& entry = running_.log().trace[me_.last_step];
    entry.order = static_cast<std::uint8_t>(order_);
    entry.bytes = sizeof(Value);
    entry.value = value.low;
    entry.from = got.from;
    entry.newest = got.newest;
    entry.stale = got.stale;
    running_.log().stale_reads += got.stale ? 1 : 0;
    return from_bits<Value>(value);
  }

  schedule& running_ = current_schedule();
  thread& me_ = *schedule::self();
  Value* const at_;
  const int order_;
  memory_model::object found_;
};

/// Where nothing is explored, one thread at a time runs what is wider
/// than the machine's own atomics.
template <typename Value>
Value really_load(const volatile Value* address) {
  if constexpr (sizeof(Value) > 8) {
    return *address;
  } else {
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);
  }
}

template <typename Value>
void really_store(volatile Value* address, Value value) {
  if constexpr (sizeof(Value) > 8) {
    *address = value;
  } else {
    __atomic_store_n(address, value, __ATOMIC_SEQ_CST);
  }
}

template <typename Value>
bool really_exchange(volatile Value* address, Value* expected,
                     Value desired) {
  if constexpr (sizeof(Value) > 8) {
    const Value before = *address;
    const bool equal = before == *expected;
    *address = equal ? desired : before;
    *expected = before;
    return equal;
  } else {
    return __atomic_compare_exchange_n(address, expected, desired,
                                       false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
  }
}

template <typename Value>
Value load(const volatile Value* address, int order, const void* pc) {
  if (!explored()) {
    return really_load(address);
  }
  return atomic_step<Value>(operation::load, address, order,
                            access_kind::atomic_read, pc)
      .load();
}

template <typename Value>
void store(volatile Value* address, Value value, int order,
           const void* pc) {
  if (!explored()) {
    really_store(address, value);
    return;
  }
  atomic_step<Value>(operation::store, address, order,
                     access_kind::atomic_write, pc)
      .store(value);
}

template <typename Value, typename Change>
Value modify(volatile Value* address, int order, const void* pc,
             const Change& change) {
  if (!explored()) {
    Value before = really_load(address);
    while (!really_exchange(address, &before, change(before))) {
    }
    return before;
  }
  return atomic_step<Value>(operation::exchange, address, order,
                            access_kind::atomic_write, pc)
      .modify(change);
}

template <typename Value>
bool compare_exchange(volatile Value* address, Value* expected,
                      Value desired, int order, int failure, bool weak,
                      const void* pc) {
  if (!explored()) {
    return really_exchange(address, expected, desired);
  }
  return atomic_step<Value>(operation::exchange, address, order,
                            access_kind::atomic_write, pc)
      .compare_exchange(expected, desired, failure, weak);
}

}  // namespace

#define EXPLORE_MODIFY(bits, Value, name, expression)            \
  Value __tsan_atomic##bits##_##name(volatile Value* address,    \
                                     Value operand, int order);  \
  Value __tsan_atomic##bits##_##name(volatile Value* address,    \
                                     Value operand, int order) { \
    return modify(address, order, EXPLORE_CALLER,                \
                  [operand]([[maybe_unused]] Value before) {     \
                    return static_cast<Value>(expression);       \
                  });                                            \
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
EXPLORE_ATOMIC(128, wide)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (!explored()) {
    return;
  }
  schedule& running = current_schedule();
  running.announce(operation::fence, nullptr, EXPLORE_CALLER);
  running.memory().fence(*schedule::self(), order);
  running.log().trace[schedule::self()->last_step].order =
      static_cast<std::uint8_t>(order);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
