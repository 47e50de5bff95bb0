// Many wrong solutions in one program: the functions in which they
// differ from the reference choose at run time.
//
// To compile the tests of a lab costs many times what it costs to run
// them, and nearly all of it is the same for each wrong solution. So a
// function that a wrong solution changes becomes
//
//   if (workbook_try::which == 1) { …theirs… } else { …ours… }
//
// and the environment says which one the process has.
//
// README: "To add a chapter".

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// A source, cut at the braces of its function bodies: outer[0],
/// bodies[0], outer[1], … outer[n]. No two bodies are nested.
struct cut_source {
  struct body {
    std::string text;
    std::size_t line = 0;  // where it begins, from 1
  };
  std::vector<std::string> outer;
  std::vector<body> bodies;
};

/// Cuts C++ as it is written in this repository. What it takes for a
/// body and is none (a member's initialiser) does no harm unless it
/// differs; then the merged file does not compile. O(size).
cut_source cut_at_bodies(std::string_view text);

/// Whether both differ in function bodies alone, and in none that
/// decides the type that its function returns (auto); comments and
/// blanks do not count.
bool differ_in_bodies_only(const cut_source& reference,
                           const cut_source& wrong);

/// One wrong form of a file that is to be merged.
struct wrong_form {
  int number = 0;    // what `which` is for it
  std::string name;  // in #line: try:<name>
  std::string text;  // the whole file
};

/// The reference's file with the bodies of all `wrongs`, each of which
/// must differ from it in bodies only. In compiler messages the lines
/// of a wrong solution are those of a file "try:<name>".
std::string merged(const std::string& reference,
                   const std::string& shown_as,
                   const std::vector<wrong_form>& wrongs);

}  // namespace workbook
