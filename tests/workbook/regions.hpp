// The markup of the single source: regions, stubs, and what is wrong
// with them.
//
//     // [3.2 acquire]              a region; "3.2" says which step
//     //@ return todo<lease>("3.2");   what earlier readers have
//     //@[3.1] return lease(make());   what readers from 3.1 on have
//     …the solution…
//     // [3.2 acquire]
//
// Files that are not C++ (a .schedule) use # for //. A region without
// a step number is only shown in the book.
//
// README: "To add a chapter".

#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workbook/chapter.hpp"

namespace workbook {

/// One line that stands for a region until the region is written.
struct stub_line {
  std::string from;  // the step from which it serves; "" from the start
  std::string text;  // with its indentation; "" if the stub was bare
  bool bare = false;
};

/// A run of lines of a source: plain lines, or one region.
struct piece {
  std::string name;  // "3.2 acquire"; "" for plain lines
  std::string step;  // "3.2"; "" where no reader's work is
  std::size_t first_line = 0;
  std::vector<std::string> lines;  // without markers and stubs
  std::vector<stub_line> stubs;
};

/// A source cut into pieces, and every fault found in its markup.
struct marked_source {
  std::vector<piece> pieces;
  std::vector<std::string> faults;  // "file:line: what; what is right"
};

/// Where each region's name was met first, over a chapter's files.
using known_regions = std::map<std::string, std::string>;

/// Cuts `text` into pieces. `shown_as` is the file's name in faults;
/// `known` collects names, so that none occurs in two files.
marked_source cut(std::string_view text, const std::string& shown_as,
                  const chapter& of, known_regions& known);

}  // namespace workbook
