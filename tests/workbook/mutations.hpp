// Small edits of a source, each of which makes a wrong solution that
// nobody had to think of.
//
// Only what a reader writes is edited (the regions of the steps), and
// only inside function bodies, so that many edits share one program.
//
// CONTRIBUTING.md: "Machine-made mutants".
// Model: DeMillo, Lipton and Sayward, Hints on test data selection,
// 1978; the operators for concurrency are those of Bradbury, Cordy and
// Dingel, Mutation operators for concurrent Java, 2006.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// One edit of one file.
struct mutation {
  std::string file;      // "channel.hpp"
  std::string step;      // whose region it is in
  std::string function;  // in whose body
  std::string kind;      // the operator: "relational"
  std::size_t line = 0;  // of the edit, from 1
  std::size_t begin = 0;
  std::size_t end = 0;  // the place after what is replaced
  std::string replacement;
  std::string before;  // the lines of the edit, joined by blanks
  std::string after;
  std::size_t nth = 1;  // of those that are the same otherwise

  /// What names it as long as its line says what it says: no number of
  /// a line is in it.
  [[nodiscard]] std::string key() const;

  /// The whole file with the edit. `source` is what it was made from.
  [[nodiscard]] std::string applied(std::string_view source) const;
};

/// The edits of `source`, in the order of their places. Each is code
/// that may compile, and differs from the source in more than blanks
/// and comments. O(size × edits).
std::vector<mutation> mutations_of(std::string_view source,
                                   const std::string& file);

}  // namespace workbook
