// Where mutation operators put their edits, and which operators there
// are.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "workbook/mutation_source.hpp"
#include "workbook/mutations.hpp"

namespace workbook {

/// The edits of one source.
class mutation_edits {
 public:
  mutation_edits(std::string_view source, std::string file);

  [[nodiscard]] const mutation_source& source() const { return in_; }

  /// Notes that the tokens [from, to) may be `with`; nothing if they
  /// are none, or not the reader's.
  void replace(const char* kind, std::size_t from, std::size_t to,
               const std::string& with);

  /// The source's text from one token to before another.
  [[nodiscard]] std::string text(std::size_t from,
                                 std::size_t to) const;

  /// All of them, in the order of their places.
  std::vector<mutation> take();

 private:
  mutation_source in_;
  std::string file_;
  std::vector<mutation> made_;
};

// Each notes what its operators make of the token at `i` of `into`, and
// of what begins there.
void mutate_token(mutation_edits& into, std::size_t i);
void mutate_statement(mutation_edits& into, std::size_t i);
void mutate_call(mutation_edits& into, std::size_t i);

}  // namespace workbook
