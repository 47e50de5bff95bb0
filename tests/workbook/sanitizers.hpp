// The references under the real sanitizers: a second opinion.
//
// Only a sanitizer's own word counts, and a crash. Expectations do
// not: on real threads and real time a scenario guesses what the
// others do, and a sanitizer is slow.
//
// Book: appendix "How your work is graded".

#pragma once

#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/matrix.hpp"
#include "workbook/pipeline.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// `which` is "asan" (with UBSan) or "tsan"; built in build/<which>.
matrix_table check_sanitizer(const workspace& where,
                             const std::vector<chapter>& of,
                             const std::string& which, unsigned cores,
                             const pipeline_listener& listener);

/// The line in which a sanitizer complains; "" if none does.
std::string sanitizer_complaint(const std::string& output);

}  // namespace workbook
