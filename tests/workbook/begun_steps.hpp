// Which steps of a lab nobody has begun to write.
//
// What is not begun need not be built and run to be known: its tests
// say that it is not written. (`make steps` checks that they do.)

#pragma once

#include <set>
#include <string>

#include "workbook/chapter.hpp"
#include "workbook/variant.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

class begun_steps {
 public:
  begun_steps(const workspace& where, const chapter& of,
              const variant& judged);

  /// Whether the lab has every todo("1.3") of the skeleton, and the
  /// step's own file as the skeleton has it. A step of which the
  /// skeleton says nothing counts as begun.
  [[nodiscard]] bool is_not_begun(const std::string& step) const {
    return untouched_.contains(step);
  }

 private:
  std::set<std::string> untouched_;
};

}  // namespace workbook
