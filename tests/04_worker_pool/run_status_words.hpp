// Lets a failed expectation name a run_status.

#pragma once

#include <array>
#include <cstddef>
#include <ostream>

namespace workbook {

enum class run_status;

inline void PrintTo(run_status status, std::ostream* out) {
  constexpr std::array words = {
      "ok",        "closed",    "would_deadlock",
      "cancelled", "timed_out", "would_block"};
  const auto at = static_cast<std::size_t>(status);
  *out << (at < words.size() ? words[at] : "no run_status");
}

}  // namespace workbook
