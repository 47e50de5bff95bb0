// Mutation operators on tokens and on operands.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "workbook/mutation_edits.hpp"

namespace workbook {

namespace {

using words = std::vector<std::string_view>;
using swaps = std::multimap<std::string_view, std::string_view>;

/// What one token becomes: its operator, and whether it has blanks on
/// both sides (where it does not, < and && are no operators).
struct token_swap {
  const char* kind;
  bool apart;
  swaps all;
};

const std::vector<token_swap>& token_swaps() {
  static const std::vector<token_swap> all{
      {"relational",
       true,
       {{"==", "!="},
        {"!=", "=="},
        {"<", "<="},
        {"<=", "<"},
        {">", ">="},
        {">=", ">"}}},
      {"logical", true, {{"&&", "||"}, {"||", "&&"}}},
      {"arithmetic",
       true,
       {{"+", "-"},
        {"-", "+"},
        {"+=", "-="},
        {"-=", "+="},
        {"*", "+"}}},
      {"arithmetic", false, {{"++", "--"}, {"--", "++"}}},
      {"constant", false, {{"true", "false"}, {"false", "true"}}},
      {"notify",
       false,
       {{"notify_one", "notify_all"}, {"notify_all", "notify_one"}}},
      {"end",
       false,
       {{"front", "back"},
        {"back", "front"},
        {"push_front", "push_back"},
        {"push_back", "push_front"},
        {"pop_front", "pop_back"},
        {"pop_back", "pop_front"}}},
      {"bound", false, {{"min", "max"}, {"max", "min"}}},
      {"order",
       false,
       {{"memory_order_acquire", "memory_order_relaxed"},
        {"memory_order_release", "memory_order_relaxed"},
        {"memory_order_acq_rel", "memory_order_acquire"},
        {"memory_order_acq_rel", "memory_order_release"},
        {"memory_order_seq_cst", "memory_order_acq_rel"},
        {"memory_order_seq_cst", "memory_order_relaxed"}}}};
  return all;
}

/// Operators, constants and names.
class token_operators {
 public:
  explicit token_operators(mutation_edits& edits)
      : edits_(edits), in_(edits.source()) {}

  void run(std::size_t i) {
    swap_token(i);
    change_number(i);
    drop_operand(i);
  }

 private:
  void swap_token(std::size_t i) {
    const placed_token& here = in_.at(i);
    for (const token_swap& each : token_swaps()) {
      if (each.apart && !here.apart) {
        continue;
      }
      const auto [first, last] = each.all.equal_range(here.text);
      for (auto at = first; at != last; ++at) {
        edits_.replace(each.kind, i, i + 1, std::string(at->second));
      }
    }
  }

  /// 8 becomes 9 and 7; 10ms 11ms and 9ms.
  void change_number(std::size_t i) {
    const std::string_view word = in_.at(i).text;
    const auto digits = static_cast<std::size_t>(
        std::find_if(
            word.begin(), word.end(),
            [](char each) { return each < '0' || each > '9'; }) -
        word.begin());
    const std::string_view suffix = word.substr(digits);
    if (digits == 0 || digits > 9 || suffix.starts_with('x') ||
        suffix.starts_with('\'') || suffix.starts_with('.')) {
      return;
    }
    const int value = std::stoi(std::string(word.substr(0, digits)));
    for (const int other : {value + 1, value - 1}) {
      if (other >= 0) {
        edits_.replace("constant", i, i + 1,
                       fmt::format("{}{}", other, suffix));
      }
    }
  }

  /// a && b becomes a, and b.
  void drop_operand(std::size_t i) {
    const bool both = in_.is(i, "&&");
    if (!in_.at(i).apart || (!both && !in_.is(i, "||"))) {
      return;
    }
    const std::string neutral = both ? "true" : "false";
    words ends{";", ",", "?", ":", "||"};
    words begins{"return", "=", ";", ",", "?", ":", "||"};
    if (both) {
      ends.emplace_back("&&");
      begins.emplace_back("&&");
    }
    std::size_t end = in_.find(i + 1, ends);
    if (end == in_.size()) {  // the bracket around both closes it
      end = enclosing_end(i);
    }
    edits_.replace("operand", i + 1, end, neutral);
    edits_.replace("operand", in_.find_back(i, begins), i, neutral);
  }

  /// The bracket that closes around the i-th token.
  [[nodiscard]] std::size_t enclosing_end(std::size_t i) const {
    for (; i < in_.size(); ++i) {
      if (in_.is(i, ")") || in_.is(i, "}") || in_.is(i, "]")) {
        return i;
      }
      if (in_.is(i, "(") || in_.is(i, "{") || in_.is(i, "[")) {
        i = in_.closing(i);
      }
    }
    return in_.size();
  }

  mutation_edits& edits_;
  const mutation_source& in_;
};

}  // namespace

void mutate_token(mutation_edits& into, std::size_t i) {
  token_operators(into).run(i);
}

}  // namespace workbook
