// The look of the program on a terminal: widths, colours, bars.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// What is written for people fits in so many columns.
constexpr std::size_t page_width = 80;

/// How many columns `text` takes: UTF-8, one column a character.
std::size_t columns(std::string_view text);

/// `text` in `width` columns: filled up with blanks, or cut and ended
/// with "…".
std::string fitted(std::string_view text, std::size_t width);

/// `text` broken into lines of at most `width` columns, at blanks.
std::vector<std::string> wrapped(std::string_view text,
                                 std::size_t width);

/// A bar of `width` columns, filled in the proportion part : whole.
std::string bar(double part, double whole, std::size_t width);

/// Whether colours and moving lines are wanted: standard output is a
/// terminal and NO_COLOR is not set (colours), TERM is not dumb.
struct screen {
  bool colour = false;
  bool moving = false;
  std::size_t rows = 0;  // of the terminal; 0 if there is none

  static screen of_standard_output();

  // Each returns `text` between the codes of a colour, or as it is.
  [[nodiscard]] std::string green(std::string_view text) const;
  [[nodiscard]] std::string red(std::string_view text) const;
  [[nodiscard]] std::string bold(std::string_view text) const;
  [[nodiscard]] std::string dim(std::string_view text) const;

  /// Replaces the line at the cursor, without ending it. Nothing where
  /// lines cannot move.
  void show_in_place(std::string_view text) const;
};

}  // namespace workbook
