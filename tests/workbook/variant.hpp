// What is judged by a chapter's tests: a lab, the reference, or what
// the graders themselves are graded by.
//
// Book: appendix "How your work is graded".

#pragma once

#include <filesystem>
#include <string>

#include "workbook/build.hpp"
#include "workbook/chapter.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

struct variant {
  enum class kind { lab, reference, alternative, mutant, snapshot };
  kind what = kind::lab;
  std::string name;  // "futures", "late_count", "1.3"; of the matrix

  /// Reads "labs", "solutions" or "alternatives.<name>", which a
  /// reader may ask for. Throws problem for any other word.
  static variant parse(const std::string& text, const chapter& of,
                       const workspace& where);

  /// As messages and folders have it: "labs", "mutants.late_count".
  [[nodiscard]] std::string text() const;

  /// Whether it is built in the tree of the matrix, where several
  /// variants share a program.
  [[nodiscard]] bool in_matrix() const {
    return what != kind::lab && what != kind::reference;
  }

  /// The folder of the chapter's files. For a mutant and a snapshot it
  /// is a copy, which write_sources() makes.
  [[nodiscard]] std::filesystem::path sources(const workspace& where,
                                              const chapter& of) const;

  /// Where the files are that sources() lacks: an alternative holds
  /// only what differs from the reference. Empty for all others.
  [[nodiscard]] std::filesystem::path fallback(const workspace& where,
                                               const chapter& of) const;

  /// The folder in which tests find the schedules of a reader. Only
  /// labs and snapshots have their own.
  [[nodiscard]] std::filesystem::path reads(const workspace& where,
                                            const chapter& of) const;

  /// The workspace with the tree that it is built in.
  [[nodiscard]] workspace tree(const workspace& where) const;

  /// The program in which `test` judges it. In the matrix this is the
  /// program for this variant alone; see matrix_programs.hpp.
  [[nodiscard]] test_program program_for(const workspace& where,
                                         const chapter& of,
                                         const graded_test& test) const;

  bool operator==(const variant&) const = default;
};

/// The workspace with its build directory for the matrix.
workspace matrix_workspace(const workspace& where);

}  // namespace workbook
