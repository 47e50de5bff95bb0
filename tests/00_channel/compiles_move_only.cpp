// Step 0.1, checked by the compiler: a type that can be moved but not
// copied, without a default constructor and without an assignment.

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

class ticket {
 public:
  explicit ticket(int number) : number_(new int(number)) {}
  ticket(ticket&&) noexcept = default;
  ticket& operator=(ticket&&) = delete;

  int number() const { return *number_; }

 private:
  std::unique_ptr<int> number_;
};

static_assert(noexcept(std::declval<channel<ticket>&>().close()),
              "close() is noexcept, so that destructors can call it");
static_assert(!std::is_copy_constructible_v<channel<int>>);
static_assert(!std::is_copy_assignable_v<channel<int>>);

EXPLORED(channel_compiles, what_can_only_be_moved, 0.1, 2) {
  contract("T's move constructor must not throw.");
  channel<ticket> tickets(1);

  (void)tickets.try_send(ticket(42));
  const receive_result<ticket> received = tickets.try_receive();

  EXPECT_EQ(received.value->number(), 42);
}

}  // namespace
}  // namespace workbook
