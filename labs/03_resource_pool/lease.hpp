// The right to use one resource, for as long as the lease lives.
//
// Book: chapter 3, "Resource pool". Document: 001, the second
// pattern, fault 4: a resource that is released by hand is released
// twice one day, and then two users share it.
// Model: std::unique_ptr, which has the same moves.
//
// Invariant (holds between any two calls):
//   (L1) home_ is null and resource_ empty, or home_ is not null and
//        resource_ holds the one resource that is lent by this lease.

#pragma once

#include <cassert>
#include <memory>
#include <utility>

#include "grading/todo.hpp"
#include "resource_pool_types.hpp"

namespace workbook {

/// Where a lease returns its resource. No member may throw: they are
/// called by destructors.
template <typename T>
class lease_home {
 public:
  virtual ~lease_home() = default;

  /// Takes back a resource that can be lent again.
  virtual void take_back(node_list<T> resource) noexcept = 0;

  /// Destroys a broken resource, and then frees its slot.
  virtual void discard(node_list<T> resource) noexcept = 0;

  /// Frees the slot of a resource that has another owner now.
  virtual void release_slot() noexcept = 0;
};

/// lease<T> lends one T out of a pool, and returns it when it dies. It
/// can be moved, not copied, so a resource is returned once. It may
/// outlive its pool. An empty lease lends nothing.
///
/// Thread safety: none; one thread at a time may use a lease.
template <typename T>
class lease {
 public:
  /// Creates an empty lease.
  lease() = default;

  /// Takes over the one resource in the list `resource`, which goes
  /// back to `home`. For pools.
  lease(std::shared_ptr<lease_home<T>> home,
        node_list<T> resource) noexcept
      : home_(std::move(home)), resource_(std::move(resource)) {}

  /// Takes over what `other` lends; `other` is then empty.
  lease(lease&& other) noexcept
      : home_(std::move(other.home_)),
        resource_(std::move(other.resource_)) {}

  /// Returns what it lends, then takes over what `other` lends.
  /// Nothing happens if both are the same lease.
  lease& operator=(lease&& other) noexcept;

  /// Returns the resource, if there is one. It is lent to the first
  /// waiter, or stays idle, or is destroyed if it may not stay.
  ~lease() { give_back(); }

  /// Whether there is a resource.
  explicit operator bool() const noexcept { return home_ != nullptr; }

  /// The resource. The lease must not be empty (asserted).
  T& operator*() const {
    assert(home_ != nullptr && "lease: empty");
    return *resource_.front().object;
  }
  T* operator->() const { return &**this; }

  /// Destroys the resource instead of returning it; its slot is free
  /// when the destructor has returned. The lease is empty then.
  /// Nothing happens if it was empty.
  void invalidate() noexcept;

  /// Takes the resource out of the pool for good. Its slot is free at
  /// once, the lease empty. Null if it was empty.
  [[nodiscard]] std::unique_ptr<T> detach() && noexcept;

 private:
  void give_back() noexcept;

  std::shared_ptr<lease_home<T>> home_;  // keeps it alive; see (L1)
  node_list<T> resource_;
};

/// How acquire ended, and the lease: not empty if and only if
/// `status` is acquire_status::acquired.
template <typename T>
struct acquire_result {
  acquire_status status = acquire_status::closed;
  workbook::lease<T> lease = {};

  explicit operator bool() const noexcept {
    return status == acquire_status::acquired;
  }
};

// ---- Implementation --------------------------------------------

template <typename T>
lease<T>& lease<T>::operator=(lease&& other) noexcept {
  // TODO(3.1): what happens to the resource it held before?
  todo("3.1", other);
  return *this;
}

// Leaves the lease empty, whatever the home does: it may be called
// back into by the destructor of the resource.
template <typename T>
void lease<T>::give_back() noexcept {
  // TODO(3.1): return the resource, once.
}

template <typename T>
void lease<T>::invalidate() noexcept {
  // TODO(3.3): as give_back(), but to be destroyed.
  todo("3.3");
}

template <typename T>
std::unique_ptr<T> lease<T>::detach() && noexcept {
  // TODO(3.3): empty the lease; free the slot; hand over.
  return todo<std::unique_ptr<T>>("3.3");
}

}  // namespace workbook
