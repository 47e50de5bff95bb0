// Every sentence of a chapter's contracts, with the tests that quote it
// and the mutants that those tests catch.
//
// A sentence is accounted for if a test quotes it and that test catches
// a mutant; or if tests/<lab>/contracts.json says why it is not graded.
//
// README: "To add a chapter".

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// One sentence of a docstring, or of an invariant.
struct contract_sentence {
  std::string file;      // "task_pool.hpp"
  std::size_t line = 0;  // of its docstring
  std::string of;        // "submit", "(I1)"
  std::string words;
  std::vector<std::string> tests;    // that quote it
  std::vector<std::string> mutants;  // that those catch
  std::string not_graded;            // the reason; "" if it is graded

  [[nodiscard]] bool accounted() const {
    return !not_graded.empty() || (!tests.empty() && !mutants.empty());
  }
  /// "no test quotes it"; "" if it is accounted for.
  [[nodiscard]] std::string missing() const;
};

/// The account of a chapter.
struct contract_account {
  std::string lab;
  std::vector<contract_sentence> sentences;
  /// A quotation or a mark that no docstring has, a mark on what is
  /// graded: each a line with its place.
  std::vector<std::string> faults;
  /// As contracts.json has it: how many sentences and faults may be
  /// open. It may only shrink. 0 without that file.
  std::size_t allowed = 0;

  /// Sentences that are not accounted for, and faults.
  [[nodiscard]] std::size_t open() const;
  [[nodiscard]] std::size_t not_graded() const;
};

/// Reads solutions, tests, patches and contracts.json of a chapter.
/// Throws problem for a contracts.json that is malformed.
contract_account account_for(const workspace& where, const chapter& of);

/// The table of all chapters as a page of the book.
std::string contracts_page(const std::vector<contract_account>& of);

}  // namespace workbook
