// A pool of resources that are made when they are needed, lent to one
// caller at a time, and never more than it may hold.
//
// Book: chapter 3, "Resource pool". Document: 001, the second
// pattern, without its faults.
// Model: database/sql of Go: a cap on what is open, not on what idles.
//
// The pool runs user code (factory, validate, destructors) and holds
// no lock; the ledger holds the lock and runs no user code.
//
// Invariants (at all times):
//   (I6) No user code runs while a lock of the pool is held.
//   (I7) A call that got a slot from the ledger returns it once: in a
//        lease, by destroyed(), or by release_slot(), also if
//        something throws.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "grading/todo.hpp"
#include "lease.hpp"
#include "pool_ledger.hpp"
#include "resource_pool_types.hpp"

namespace workbook {

/// resource_pool<T> lends resources of type T, at most `capacity` of
/// which are alive at once: lent, idle, being made or being destroyed.
///
/// Every form of acquire lends an idle resource that is still good;
/// else, in a free slot, it calls the factory on the caller's thread.
/// Callers wait for a resource or a slot in the order of their calls;
/// no caller passes one that waits. Deadline and stop limit that wait,
/// not the factory. Whatever the factory or `validate` throws reaches
/// the caller, and the slot is free again.
///
/// Thread safety: any member may be called from any thread, also from
/// the factory, `validate` and destructors of resources; only the
/// destructor requires that no other call is in progress. Leases may
/// outlive the pool. Document: 001.
template <typename T>
class resource_pool {
 public:
  using clock = std::chrono::steady_clock;

  /// Thrown by acquire() once the pool was closed.
  class pool_closed : public std::runtime_error {
   public:
    pool_closed() : std::runtime_error("resource_pool: closed") {}
  };

  /// Creates an open pool without any resource. Throws
  /// std::invalid_argument if the capacity is 0 or there is no
  /// factory.
  explicit resource_pool(resource_pool_options<T> options);

  resource_pool(const resource_pool&) = delete;
  resource_pool& operator=(const resource_pool&) = delete;

  /// Closes the pool; leases stay valid.
  ~resource_pool() { close(); }

  /// Blocks until there is a resource. Throws pool_closed if the pool
  /// was closed, before or meanwhile; what the factory throws; and
  /// std::logic_error if the factory returned null.
  lease<T> acquire();

  /// Like acquire(), but reports a closed pool (`closed`), and gives
  /// up waiting when a stop is requested (`cancelled`). A stop that
  /// was requested before gets nothing, even if something is idle.
  acquire_result<T> acquire(std::stop_token stop);

  /// Like acquire(stop), but reports `busy` instead of waiting.
  acquire_result<T> try_acquire(std::stop_token stop = {});

  /// Like acquire(stop), but waits at most until `deadline`
  /// (`timed_out`). A resource that comes at the deadline may still be
  /// lent. What can be lent without a wait is lent, also after it.
  acquire_result<T> acquire_until(clock::time_point deadline,
                                  std::stop_token stop = {});

  /// Like acquire_until, `limit` from now. A limit beyond the end of
  /// the clock, such as std::chrono::hours::max(), is none; a negative
  /// limit, whatever its size, means that the call does not wait.
  template <typename Rep, typename Period>
  acquire_result<T> acquire_for(
      std::chrono::duration<Rep, Period> limit,
      std::stop_token stop = {});

  /// Closes the pool. Every caller that waits gets `closed`. What is
  /// idle is destroyed now, what is lent when it comes back. A caller
  /// that the pool has not yet let into the factory gets `closed` and
  /// makes nothing. What a caller inside the factory makes is
  /// destroyed, and that caller gets `closed`. Idempotent. Does not
  /// wait for leases or for factories.
  void close();

  /// Sets the capacity. Upwards, callers that wait are served at once.
  /// Downwards, what is idle and too many is destroyed now, what is
  /// lent and too many when it comes back; no lease is revoked. Throws
  /// std::invalid_argument if `capacity` is 0.
  void resize(std::size_t capacity);

  /// Destroys the idle resources that have reached max_lifetime; then
  /// those that have been idle for max_idle_time, longest idle first,
  /// as long as more than min_idle stay idle. Returns how many it
  /// destroyed. The pool never calls it by itself.
  std::size_t prune();

  /// The numbers at this moment.
  resource_pool_stats stats() const;

 private:
  class core;

  std::shared_ptr<core> core_;  // shared with the leases
};

// ---- Implementation --------------------------------------------

/// What the pool and its leases share.
template <typename T>
class resource_pool<T>::core final
    : public lease_home<T>,
      public std::enable_shared_from_this<core> {
 public:
  explicit core(resource_pool_options<T> wanted)
      : options(std::move(wanted)),
        ledger(options.capacity, options.order) {}

  acquire_result<T> lend(const wait_limit& how);
  void destroy(node_list<T> retired) noexcept;

  void take_back(node_list<T> resource) noexcept override;
  void discard(node_list<T> resource) noexcept override;
  void release_slot() noexcept override { ledger.release_slot(); }

  const resource_pool_options<T> options;
  pool_ledger<T> ledger;
  std::atomic<std::size_t> created = 0;

 private:
  void ensure_valid(node_list<T>& slot);
  node_list<T> make();
  bool is_good(const pooled<T>& resource) const;
  void give_up(node_list<T> slot) noexcept;
};

// Gets a slot, ensures a good resource in it, and lends it: (I7).
template <typename T>
acquire_result<T> resource_pool<T>::core::lend(const wait_limit& how) {
  auto [status, slot] = ledger.take(how);
  if (status != acquire_status::acquired) {
    return {status};
  }
  // TODO(3.3): what if ensure_valid() throws?
  ensure_valid(slot);
  // TODO(3.4): what if the pool was closed meanwhile?
  return {acquire_status::acquired,
          lease<T>(this->shared_from_this(), std::move(slot))};
}

// Leaves a good resource in `slot`; may leave it empty if the pool is
// closed.
template <typename T>
void resource_pool<T>::core::ensure_valid(node_list<T>& slot) {
  // TODO(3.6): what is no longer good is destroyed here, and
  // its successor made in the same slot.
  if (!slot.empty() && options.validate) {
    todo("3.6");
  }
  // TODO(3.4): no factory starts in a closed pool.
  if (slot.empty()) {
    slot = make();
  }
}

// One new resource.
template <typename T>
node_list<T> resource_pool<T>::core::make() {
  // TODO(3.1): call the factory, refuse what is null, count it
  // in `created`, and note when it was born.
  return todo<node_list<T>>("3.1");
}

// Whether `resource` may be lent: not too old, and valid.
template <typename T>
bool resource_pool<T>::core::is_good(
    [[maybe_unused]] const pooled<T>& resource) const {
  return todo<bool>("3.6");
}

// Returns a slot that will not be lent, and destroys what is in it.
template <typename T>
void resource_pool<T>::core::give_up(
    [[maybe_unused]] node_list<T> slot) noexcept {
  // TODO(3.3): an empty slot, or one with a resource?
}

template <typename T>
void resource_pool<T>::core::take_back(node_list<T> resource) noexcept {
  destroy(ledger.put_back(std::move(resource)));
}

template <typename T>
void resource_pool<T>::core::discard(node_list<T> resource) noexcept {
  ledger.retire();
  destroy(std::move(resource));
}

// Destroys what the ledger has given up, and only then frees its
// slots.
template <typename T>
void resource_pool<T>::core::destroy(node_list<T> retired) noexcept {
  const std::size_t count = retired.size();
  if (count != 0) {
    retired.clear();
    // TODO(3.3): report it to the ledger.
  }
}

template <typename T>
resource_pool<T>::resource_pool(resource_pool_options<T> options)
    : core_(std::make_shared<core>(std::move(options))) {
  if (!core_->options.factory) {
    throw std::invalid_argument("resource_pool: no factory");
  }
}

template <typename T>
lease<T> resource_pool<T>::acquire() {
  acquire_result<T> result = core_->lend({});
  // TODO(3.4): there may be no lease.
  return std::move(result.lease);
}

template <typename T>
acquire_result<T> resource_pool<T>::acquire(
    [[maybe_unused]] std::stop_token stop) {
  return todo<acquire_result<T>>("3.5");
}

template <typename T>
acquire_result<T> resource_pool<T>::try_acquire(std::stop_token stop) {
  return core_->lend({.wait = false, .stop = std::move(stop)});
}

template <typename T>
acquire_result<T> resource_pool<T>::acquire_until(
    [[maybe_unused]] clock::time_point deadline,
    [[maybe_unused]] std::stop_token stop) {
  return todo<acquire_result<T>>("3.5");
}

template <typename T>
template <typename Rep, typename Period>
acquire_result<T> resource_pool<T>::acquire_for(
    [[maybe_unused]] std::chrono::duration<Rep, Period> limit,
    [[maybe_unused]] std::stop_token stop) {
  // TODO(3.5): now plus the limit, unless that overflows; it can
  // at both ends.
  return todo<acquire_result<T>>("3.5");
}

template <typename T>
void resource_pool<T>::close() {
  core_->destroy(core_->ledger.close());
}

template <typename T>
void resource_pool<T>::resize(std::size_t capacity) {
  core_->destroy(core_->ledger.resize(capacity));
}

template <typename T>
std::size_t resource_pool<T>::prune() {
  // TODO(3.6): born and idle since when? Mind the overflow: a
  // duration may be max(). Destroy what the ledger gives.
  return todo<std::size_t>("3.6");
}

template <typename T>
resource_pool_stats resource_pool<T>::stats() const {
  resource_pool_stats now = core_->ledger.stats();
  now.created = core_->created;
  return now;
}

}  // namespace workbook
