// The report on a failing schedule.
//
// Book: appendix "How the explorer works", section Reading a report.

#pragma once

#include <string>

#include "record.hpp"
#include "story.hpp"

namespace explore {

/// What `log`, the record of a traced schedule, shows. `all`:
/// every step of the reader's and the test's own code instead of those
/// around the fault.
story build_story(const record& log, const std::string& heading,
                  bool all);

/// As text in 80 columns.
std::string draw_text(const story& shown);

/// As a picture, for the book and for a reader's own eyes.
std::string draw_svg(const story& shown);

/// As data, for the book's player.
std::string to_json(const story& shown);

}  // namespace explore
