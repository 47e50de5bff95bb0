// Where the steps of a record happened, and what the code there calls
// the objects that it works on.

#pragma once

#include <map>
#include <string>

#include "record.hpp"
#include "story.hpp"
#include "symbols.hpp"

namespace explore {

class places {
 public:
  /// Resolves all addresses of `log` at once, which takes a moment.
  explicit places(const record& log);

  /// The innermost line at `address` that is the reader's own or the
  /// test's; line 0 if there is none.
  source_line innermost(const void* address) const;

  /// The line of a step: that of its hook's caller, else the innermost
  /// one in its call stack.
  source_line of(const step& what) const;

  /// Whether the step lies in the inside of the library (a stop state,
  /// a counter of owners, GoogleTest's lock), which says nothing about
  /// the code.
  bool is_inner(const step& what) const;

  /// Whether the step is a stop request (std::stop_source and its
  /// relatives), the one step of the inside of the library that counts.
  bool is_stop_request(const step& what) const;

  /// Whether the step only keeps the test's own books: an atomic of the
  /// test, in a record that shows the reader's code as well.
  bool is_bookkeeping(const step& what) const;

  /// What the test calls `object`, else what the code does; empty if
  /// neither names it.
  std::string name_of(const void* object) const;

 private:
  void name_objects(const record& log);

  bool is_tests_own(const step& what) const;

  symbols symbols_;
  bool readers_code_ = false;  // some step is in it
  std::map<const void*, std::string> names_;
};

}  // namespace explore
