// Output of a process: its beginning and its end, however long.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace workbook {

/// Keeps the first and the last `each_end` bytes of what is appended.
class bounded_text {
 public:
  explicit bounded_text(std::size_t each_end = 8 * 1024)
      : each_end_(each_end) {}

  void append(std::string_view text);

  /// How many bytes were appended, kept or not.
  [[nodiscard]] std::size_t total() const { return total_; }

  /// What was kept, with a line that says how much is left out.
  [[nodiscard]] std::string text() const;

  /// At most the last `lines` lines.
  [[nodiscard]] std::string last_lines(std::size_t lines) const;

 private:
  std::size_t each_end_;
  std::string head_;
  std::string tail_;  // at most twice each_end_ long
  std::size_t total_ = 0;
};

}  // namespace workbook
