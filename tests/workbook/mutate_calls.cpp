// Mutation operators on calls.

#include <algorithm>

#include "workbook/mutation_edits.hpp"

namespace workbook {

namespace {

using words = std::vector<std::string_view>;

/// Waits, atomic operations and moves.
class call_operators {
 public:
  explicit call_operators(mutation_edits& edits)
      : edits_(edits), in_(edits.source()) {}

  void run(std::size_t i) {
    change_wait(i);
    weaken_order(i);
    drop_move(i);
  }

 private:
  [[nodiscard]] bool is_call_of_member(std::size_t i) const {
    return i > 0 && (in_.is(i - 1, ".") || in_.is(i - 1, "->")) &&
           in_.is(i + 1, "(");
  }

  /// A wait without its predicate.
  void change_wait(std::size_t i) {
    if (!in_.is(i, "wait") || !is_call_of_member(i)) {
      return;
    }
    const std::size_t close = in_.closing(i + 1);
    const std::size_t comma = in_.find(i + 2, {","});
    if (comma < close) {
      edits_.replace("loop", comma, close, "");
    }
  }

  /// x.store(v) becomes x.store(v, std::memory_order_relaxed).
  void weaken_order(std::size_t i) {
    static const words operations{
        "store",     "load",     "exchange",  "fetch_add",
        "fetch_sub", "fetch_or", "fetch_and", "test_and_set"};
    const bool known = std::find(operations.begin(), operations.end(),
                                 in_.at(i).text) != operations.end();
    if (!known || !is_call_of_member(i)) {
      return;
    }
    const std::size_t close = in_.closing(i + 1);
    if (edits_.text(i, close + 1).find("memory_order") ==
        std::string::npos) {
      edits_.replace("order", close, close + 1,
                     close == i + 2 ? "std::memory_order_relaxed)"
                                    : ", std::memory_order_relaxed)");
    }
  }

  void drop_move(std::size_t i) {
    if (in_.is(i, "std") && in_.is(i + 2, "move") &&
        in_.is(i + 3, "(")) {
      const std::size_t close = in_.closing(i + 3);
      edits_.replace("move", i, close + 1,
                     edits_.text(i + 3, close + 1));
    }
  }

  mutation_edits& edits_;
  const mutation_source& in_;
};

}  // namespace

void mutate_call(mutation_edits& into, std::size_t i) {
  call_operators(into).run(i);
}

}  // namespace workbook
