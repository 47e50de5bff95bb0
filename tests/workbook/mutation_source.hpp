// A source as mutation operators read it: tokens with their places,
// brackets that match, statements, and who may be edited.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

struct placed_token {
  std::string_view text;  // "<=" is one; comments are none
  std::size_t begin = 0;
  bool apart = false;  // blanks on both sides: a binary operator
  bool word = false;

  [[nodiscard]] std::size_t end() const { return begin + text.size(); }
};

/// A run of text that may be edited.
struct editable {
  std::string step;
  std::string function;
};

class mutation_source {
 public:
  /// `source` outlives the object.
  explicit mutation_source(std::string_view source);

  [[nodiscard]] std::string_view text() const { return source_; }
  [[nodiscard]] std::size_t size() const { return tokens_.size(); }
  /// A token without text if there is no i-th.
  [[nodiscard]] const placed_token& at(std::size_t i) const;
  [[nodiscard]] bool is(std::size_t i, std::string_view text) const {
    return at(i).text == text;
  }

  /// The token that closes the bracket at `open`, or size().
  [[nodiscard]] std::size_t closing(std::size_t open) const {
    return partner_[open];
  }

  /// Whether a statement begins at the i-th token.
  [[nodiscard]] bool begins_statement(std::size_t i) const;

  /// The token after the statement that begins at the i-th.
  [[nodiscard]] std::size_t after_statement(std::size_t i) const;

  /// The first of `wanted` from the i-th token on, outside of brackets
  /// that open after it; size() if the brackets around it end before.
  [[nodiscard]] std::size_t find(
      std::size_t i, const std::vector<std::string_view>& wanted) const;

  /// The token after the last of `wanted` before the i-th one, outside
  /// of brackets that close before it.
  [[nodiscard]] std::size_t find_back(
      std::size_t i, const std::vector<std::string_view>& wanted) const;

  /// Whether the reader writes all of [begin, end), inside one body;
  /// sets `who` if so.
  bool may_edit(std::size_t begin, std::size_t end,
                editable& who) const;

 private:
  struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string name;
  };

  void tokenize();
  void match_brackets();
  void find_regions();
  void find_bodies();
  static const range* inside(const std::vector<range>& of,
                             std::size_t begin, std::size_t end);

  std::string_view source_;
  std::vector<placed_token> tokens_;
  std::vector<std::size_t> partner_;  // of each bracket
  std::vector<range> regions_;
  std::vector<range> bodies_;
};

}  // namespace workbook
