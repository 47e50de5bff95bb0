// The sentences that a source promises: its public docstrings and its
// numbered invariants.
//
// README: "To add a chapter".

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// One docstring (`///`), or one invariant ("(I1) …") of a file's head.
struct docstring {
  std::string of;        // what it documents: "submit", "(I1)"
  std::size_t line = 0;  // where it begins, from 1
  std::string text;      // one line, blanks as one
  /// Where in `text` each sentence begins; the first is 0. A list's
  /// item is a sentence of its own.
  std::vector<std::size_t> starts;

  /// Sentence `i` of `text`.
  [[nodiscard]] std::string sentence(std::size_t i) const;
};

/// All docstrings and invariants of a source, in its order. A region's
/// stubs (`//@`) have none. O(size).
std::vector<docstring> docstrings_in(std::string_view source);

/// The sentences of `in` that a quotation has words of. "…" in `quoted`
/// stands for words that are left out. Empty if `in` does not have its
/// parts, in their order. A sentence counts if three of its words are
/// quoted, or all of it. White space does not matter.
std::vector<std::size_t> quoted_sentences(const docstring& in,
                                          std::string_view quoted);

}  // namespace workbook
