// Step 3.1, asked of the compiler: what a lease allows.

#include <memory>
#include <type_traits>
#include <utility>

#include "grading/grading.hpp"
#include "resource_pool.hpp"

namespace workbook {
namespace {

template <typename Lease>
concept detaches_while_it_has_a_name = requires(Lease lease) {
  lease.detach();
};

GRADED(resource_compiles, a_lease_has_one_owner, 3.1, 1) {
  contract(
      "It can be moved, not copied, so a resource is returned once");
  contract("Creates an empty lease.");
  contract("Whether there is a resource.");

  static_assert(!std::is_copy_constructible_v<lease<int>>);
  static_assert(!std::is_copy_assignable_v<lease<int>>);
  static_assert(std::is_nothrow_move_constructible_v<lease<int>>);
  static_assert(std::is_nothrow_move_assignable_v<lease<int>>);
  static_assert(!detaches_while_it_has_a_name<lease<int>>);

  lease<int> empty;
  lease<int> other;
  other = std::move(empty);
  EXPECT_FALSE(other) << "an empty lease lends nothing, moved or not";
}

}  // namespace
}  // namespace workbook
