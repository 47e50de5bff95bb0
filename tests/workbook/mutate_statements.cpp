// Mutation operators on statements.

#include <algorithm>

#include "workbook/mutation_edits.hpp"

namespace workbook {

namespace {

using words = std::vector<std::string_view>;

/// Conditions, statements, locks and returned values.
class statement_operators {
 public:
  explicit statement_operators(mutation_edits& edits)
      : edits_(edits), in_(edits.source()) {}

  void run(std::size_t i) {
    change_condition(i);
    change_statement(i);
    change_return(i);
  }

 private:
  void change_condition(std::size_t i) {
    const bool loop = in_.is(i, "while");
    if ((!loop && !in_.is(i, "if")) || !in_.is(i + 1, "(")) {
      return;
    }
    const std::size_t close = in_.closing(i + 1);
    const std::size_t semicolon = in_.find(i + 2, {";"});
    const std::size_t first =
        semicolon == in_.size() ? i + 2 : semicolon + 1;
    const bool declares = in_.find(first, {"="}) != in_.size();
    if (!declares && first < close) {
      edits_.replace("condition", first, close,
                     "!(" + edits_.text(first, close) + ")");
      edits_.replace("condition", first, close, "false");
      if (!loop) {
        edits_.replace("condition", first, close, "true");
      }
    }
    if (loop && !in_.is(close + 1, ";")) {
      edits_.replace("loop", i, i + 1, "if");
    }
  }

  void change_statement(std::size_t i) {
    if (!in_.begins_statement(i) || !in_.at(i).word) {
      drop_prefixed(i);
      return;
    }
    const std::size_t end = in_.after_statement(i);
    if (is_lock(i)) {
      change_lock(i, end);
      return;
    }
    const bool jumps = in_.is(i, "break") || in_.is(i, "continue") ||
                       in_.is(i, "throw") || in_.is(i, "delete");
    if (jumps || is_expression(i, end)) {
      edits_.replace("statement", i, end, ";");
    }
  }

  /// ++x; and *x = y;
  void drop_prefixed(std::size_t i) {
    if (in_.begins_statement(i) &&
        (in_.is(i, "++") || in_.is(i, "--") || in_.is(i, "*"))) {
      edits_.replace("statement", i, in_.after_statement(i), ";");
    }
  }

  /// A call or an assignment: after a name comes what no declaration
  /// has there.
  [[nodiscard]] bool is_expression(std::size_t i,
                                   std::size_t end) const {
    static const words keywords{
        "if",      "while", "for",           "do",   "switch",
        "return",  "case",  "default",       "else", "try",
        "catch",   "using", "static_assert", "goto", "co_return",
        "co_yield"};
    static const words follow{
        "(", ".", "->", "=", "+=", "-=", "++", "--", "[", "|=", "&="};
    const std::string_view first = in_.at(i).text;
    if (std::find(keywords.begin(), keywords.end(), first) !=
        keywords.end()) {
      return false;
    }
    while (in_.is(i + 1, "::")) {
      i += 2;
    }
    const std::string_view next = in_.at(i + 1).text;
    return end <= in_.size() && std::find(follow.begin(), follow.end(),
                                          next) != follow.end();
  }

  [[nodiscard]] bool is_lock(std::size_t i) const {
    i += in_.is(i, "const") ? 1 : 0;
    return in_.is(i, "std") && (in_.is(i + 2, "scoped_lock") ||
                                in_.is(i + 2, "unique_lock") ||
                                in_.is(i + 2, "lock_guard") ||
                                in_.is(i + 2, "shared_lock"));
  }

  /// No lock; and a lock that begins one statement later.
  void change_lock(std::size_t begin, std::size_t end) {
    const std::size_t i = begin + (in_.is(begin, "const") ? 1 : 0);
    const bool keeps_name =
        in_.is(i + 2, "unique_lock") || in_.is(i + 2, "shared_lock");
    const std::size_t open = in_.find(i, {"("});
    if (keeps_name && open < end) {
      const std::size_t close = in_.closing(open);
      if (in_.find(open + 1, {","}) == in_.size()) {
        edits_.replace("lock", close, close + 1, ", std::defer_lock)");
      }
    } else if (!keeps_name) {
      edits_.replace("lock", begin, end, ";");
    }
    const std::size_t next = in_.after_statement(end);
    if (!in_.is(end, "}") && next <= in_.size()) {
      edits_.replace(
          "lock", begin, next,
          edits_.text(end, next) + " " + edits_.text(begin, end));
    }
  }

  void change_return(std::size_t i) {
    if (!in_.is(i, "return") || in_.is(i + 1, ";") ||
        in_.is(i + 1, "{")) {
      return;
    }
    const std::size_t end = in_.find(i, {";"});
    const std::size_t length = end - (i + 1);
    const bool truth = length == 1 && (in_.is(i + 1, "true") ||
                                       in_.is(i + 1, "false"));
    if (end == in_.size() || truth) {
      return;
    }
    edits_.replace("return", i + 1, end, "{}");
    if (length > 1) {
      edits_.replace("return", i + 1, end,
                     "!(" + edits_.text(i + 1, end) + ")");
    }
  }

  mutation_edits& edits_;
  const mutation_source& in_;
};

}  // namespace

void mutate_statement(mutation_edits& into, std::size_t i) {
  statement_operators(into).run(i);
}

}  // namespace workbook
