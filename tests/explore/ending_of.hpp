// What the explorer's own tests ask it.

#pragma once

#include <gtest/gtest.h>

#include "explore/report.hpp"
#include "explore/search.hpp"

namespace explore {

/// What a search of `body` finds, with the default budget. The report
/// on a failure is drawn as well: whatever ends a schedule, there is
/// one.
inline ending ending_of(scenario body, options wanted = {}) {
  search looking(body, wanted);
  looking.run();
  const ending how = looking.log().how;
  if (how != ending::passed) {
    const story drawn =
        build_story(looking.log(), "the schedule", false);
    EXPECT_NE(draw_text(drawn), "");
    EXPECT_NE(draw_svg(drawn), "");
    EXPECT_NE(to_json(drawn), "");
    EXPECT_FALSE(drawn.what.empty() && how != ending::not_written);
  }
  return how;
}

}  // namespace explore
