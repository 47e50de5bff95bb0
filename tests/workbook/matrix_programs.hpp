// The programs of the matrix: which variants share one, and what
// happens where they cannot.
//
// CONTRIBUTING.md: "The matrix".

#pragma once

#include <vector>

#include "workbook/pipeline.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// Gives each job that judges a variant of the matrix its program,
/// writes the sources of these programs, and configures the tree.
/// Variants share a program if there are several: twenty mutants for
/// one file of tests, six snapshots, three alternatives.
void plan_matrix(const workspace& where, std::vector<test_job>& jobs);

/// Builds and runs jobs of the matrix. Where a shared program does not
/// compile, the variants that the compiler names get programs of their
/// own, and the others share again.
void run_matrix(const workspace& where, std::vector<test_job>& jobs,
                unsigned cores, const pipeline_listener& listener);

}  // namespace workbook
