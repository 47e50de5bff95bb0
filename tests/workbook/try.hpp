// Tries wrong solutions against all tests of a lab, to write mutants.
//
// README: "To add a chapter".

#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/try_sources.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// What became of one wrong solution.
struct tried {
  enum class kind { caught, survives, does_not_compile };
  std::string name;
  kind how = kind::survives;
  std::string why;              // the compiler's words
  std::vector<std::string> by;  // "test (fail, seed 3)"
  bool hung = false;            // the first of them: nothing said why
  std::size_t asked = 0;        // tests that were run
  bool in_one_program = false;  // with others
};

struct try_request {
  /// A patch, a folder of patches, a folder with a lab's files, or a
  /// folder of such folders.
  std::filesystem::path from;
  bool all = false;  // runs every test, not up to the first that fails
  unsigned cores = 2;
  std::string folder = "together";  // of shared programs, begins so
  bool warnings_are_errors = true;
};

/// Called with each solution as soon as its end is known; one at a
/// time.
using try_sink = std::function<void(const tried&)>;

/// Builds and runs all; in the order of their names. A test that the
/// reference fails too catches nothing. Blocks until the last has
/// ended. Throws problem if `from` holds nothing to try, a patch does
/// not apply, or the tests themselves do not build.
std::vector<tried> try_solutions(const workspace& where,
                                 const chapter& of,
                                 const try_request& wanted,
                                 const try_sink& on_tried);

/// The same for solutions that are there, numbered from 1; wanted.from
/// is ignored.
std::vector<tried> try_solutions(const workspace& where,
                                 const chapter& of,
                                 const try_request& wanted,
                                 std::vector<wrong_solution> wrongs,
                                 const try_sink& on_tried);

}  // namespace workbook
