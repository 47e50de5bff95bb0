// What a test process tells the grader: JSON, an object a line.
//
// Book: appendix "How your work is graded".

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workbook/verdict.hpp"

namespace workbook {

/// Takes in the bytes of a channel and keeps what they said. A line
/// that does not begin with the test's word is passed over: the
/// reader's code may write there too.
class event_channel {
 public:
  explicit event_channel(std::string word) : word_(std::move(word)) {}

  void append(std::string_view bytes);

  [[nodiscard]] std::size_t total() const { return total_; }

  bool began = false;
  bool ended = false;
  bool passed = false;                // as "end" said
  std::string step_not_written;       // of the first not_written
  std::string infrastructure;         // of the first such message
  std::string unavailable;            // what it needs, and is not here
  std::vector<std::string> failures;  // each as it is to be shown
  outcome facts;  // promise, seed, schedules, strategy

 private:
  void take(std::string_view line);

  const std::string word_;
  std::string unfinished_;  // the line whose end has not come
  std::size_t total_ = 0;
};

}  // namespace workbook
