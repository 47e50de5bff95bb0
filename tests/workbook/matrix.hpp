// The graders graded: step snapshots, mutants and alternatives.
//
// All three build other sources against the same tests, in
// build/matrix, and compare the verdicts with what they must be.
//
// README: "To add a chapter".

#pragma once

#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/pipeline.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// One line of a table: a snapshot, a mutant, an alternative.
struct matrix_row {
  std::string name;   // "01 1.3", "01 check_then_act"
  std::string found;  // what was seen: "22 of 22", "fail, seed 3"
  std::vector<std::string> wrongs;  // empty if all is as it must be
  [[nodiscard]] bool right() const { return wrongs.empty(); }
};

/// What was looked at, as the last line says it.
struct matrix_table {
  std::string what;  // "mutants are caught by the tests they name"
  std::vector<matrix_row> rows;
  [[nodiscard]] std::size_t right() const;
};

/// After step k the tests of steps up to k pass, and no others do;
/// before the first (step 0) every test says which step to write.
matrix_table check_steps(const workspace& where,
                         const std::vector<chapter>& of, unsigned cores,
                         const pipeline_listener& listener);

/// Every mutant fails in each test that it names.
matrix_table check_mutants(const workspace& where,
                           const std::vector<chapter>& of,
                           unsigned cores,
                           const pipeline_listener& listener);

/// Every alternative passes all tests.
matrix_table check_alternatives(const workspace& where,
                                const std::vector<chapter>& of,
                                unsigned cores,
                                const pipeline_listener& listener);

/// The reference passes all tests, built in `where.build`.
matrix_table check_references(const workspace& where,
                              const std::vector<chapter>& of,
                              unsigned cores,
                              const pipeline_listener& listener);

}  // namespace workbook
