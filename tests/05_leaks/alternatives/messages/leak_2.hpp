// Correct: a scope of one child, whose token the send knows.

#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "channel.hpp"
#include "task_scope.hpp"

namespace workbook {

inline std::optional<int> first_wanted(
    const std::function<std::optional<int>()>& source,
    const std::function<bool(int)>& wanted) {
  channel<std::optional<int>> values;
  task_scope scope;
  (void)scope.spawn([&](std::stop_token stop) {
    bool more = true;
    while (more) {
      std::optional<int> value = source();
      more = value.has_value();
      more =
          values.send(std::move(value), stop) == channel_status::ok &&
          more;
    }
  });
  for (;;) {
    const std::optional<int> value = values.receive().value();
    if (!value || wanted(*value)) {
      return value;
    }
  }
}

}  // namespace workbook
