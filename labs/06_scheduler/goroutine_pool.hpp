// Where goroutine objects come from.
//
// Book: chapter 6, step 6.2. Given: nothing here is left to write.

#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "goroutine.hpp"
#include "spin_lock.hpp"

namespace workbook::gmp {

/// All goroutine objects of a scheduler. They stay where they are, and
/// are only freed with it. Thread safety: any member from any thread.
class goroutine_pool {
 public:
  static constexpr std::size_t per_slab = 128;

  /// A list of free objects: a batch that was put back, or new ones.
  goroutine* take() {
    std::scoped_lock lock(lock_);
    if (!batches_.empty()) {
      goroutine* const batch = batches_.back();
      batches_.pop_back();
      return batch;
    }
    slabs_.push_back(std::make_unique<goroutine[]>(per_slab));
    goroutine* const slab = slabs_.back().get();
    for (std::size_t i = 0; i + 1 < per_slab; ++i) {
      slab[i].next = &slab[i + 1];
    }
    return slab;
  }

  void put(goroutine* batch) {
    std::scoped_lock lock(lock_);
    batches_.push_back(batch);
  }

  /// Calls visit(g) for each object that is not free. Nothing else may
  /// run meanwhile.
  template <typename F>
  void for_each(F visit) const {
    for (const auto& slab : slabs_) {
      for (std::size_t i = 0; i < per_slab; ++i) {
        if (slab[i].run != nullptr) {
          visit(slab[i]);
        }
      }
    }
  }

 private:
  spin_lock lock_;  // guards the fields below
  std::vector<goroutine*> batches_;
  std::vector<std::unique_ptr<goroutine[]>> slabs_;
};

}  // namespace workbook::gmp
