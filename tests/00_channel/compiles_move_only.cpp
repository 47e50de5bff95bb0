// Step 0.1, asked of the compiler: what can be moved and not copied,
// and has neither a default nor an assignment.

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
              "close() is noexcept: destructors call it");
static_assert(!std::is_copy_constructible_v<channel<int>>);
static_assert(!std::is_copy_assignable_v<channel<int>>);

EXPLORED(channel_compiles, what_can_only_be_moved, 0.1, 2) {
  contract("T's move constructor must not throw");
  channel<ticket> tickets(1);

  (void)tickets.send(ticket(42));
  const std::optional<ticket> received = tickets.receive();

  EXPECT_EQ(received->number(), 42);
}

}  // namespace
}  // namespace workbook
