// The ladder of hints of a step: each call climbs one rung.
//
// Hints stand in book/hints/<lab>/<step>.md, each below a line
// "## title". Which were shown is remembered under build/.
//
// Book: every chapter's steps.

#pragma once

#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

struct hint {
  std::string title;
  std::string text;
};

/// The hints of a step. Throws problem if there are none.
std::vector<hint> read_hints(const workspace& where, const chapter& of,
                             const std::string& step);

/// How many of them the reader has seen.
std::size_t hints_seen(const workspace& where, const chapter& of,
                       const std::string& step);
void remember_hints(const workspace& where, const chapter& of,
                    const std::string& step, std::size_t seen);

}  // namespace workbook
