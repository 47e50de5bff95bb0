// Whole algorithms as tests of the explorer: in each row one form of an
// algorithm, and what a search of its schedules has to find.
//
// A right form passes every schedule of its budget. A wrong form has one
// order or fence weakened; the search finds a schedule that fails, and
// the report names the stale read behind it.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "explore/report.hpp"
#include "explore/search.hpp"

namespace explore::algorithms {

// A relaxed fence orders nothing: it stands for "no fence".
inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

struct form {
  const char* name = "";
  scenario body = nullptr;
  options wanted{};
  ending how = ending::passed;
  /// What the report on the failure says, each on one line of it.
  std::vector<std::string> report{};
};

inline std::ostream& operator<<(std::ostream& out, const form& each) {
  return out << each.name;
}

/// Every schedule with at most so many preemptions and stale reads.
constexpr options every_schedule(int preemptions = 2,
                                 int stale_reads = 2) {
  return {.schedules = 200'000,
          .exhaustive = preemptions,
          .stale_reads = stale_reads};
}

/// Whether each part of `report` is found in `text`; line breaks count
/// as blanks.
inline void expect_said(std::string text,
                        const std::vector<std::string>& report) {
  for (auto at = text.find("\n  "); at != std::string::npos;
       at = text.find("\n  ", at)) {
    text.replace(at, 3, " ");
  }
  for (const std::string& part : report) {
    EXPECT_NE(text.find(part), std::string::npos)
        << part << " is missing in\n"
        << text;
  }
}

class algorithm : public testing::TestWithParam<form> {
 protected:
  static void check(const form& each) {
    search looking(each.body, each.wanted);
    const finding found = looking.run();
    if (found.failed) {
      looking.replay(looking.shorten(found.id), true);
    }
    const std::string text =
        found.failed ? draw_text(build_story(looking.log(), "", false))
                     : "";
    std::printf("%d schedules%s\n", found.schedules,
                found.complete ? ": all" : "");
    ASSERT_EQ(looking.log().how, each.how) << text;
    EXPECT_TRUE(found.failed || each.wanted.exhaustive < 0 ||
                found.complete)
        << found.schedules << " schedules were not all";
    expect_said(text, each.report);
  }
};

inline std::string name_of(const testing::TestParamInfo<form>& each) {
  return each.param.name;
}

}  // namespace explore::algorithms
