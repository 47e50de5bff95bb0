// Correct: the guard and the end of main are one function.

#pragma once

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "leak_check.hpp"

namespace workbook {

inline bool tell(const std::vector<leak>& leaks) {
  std::string all;
  for (const leak& each : leaks) {
    all += "leak: " + to_string(each) + "\n";
  }
  return !all.empty() &&
         ::write(STDERR_FILENO, all.data(), all.size()) >= 0;
}

inline int end_of_main(const leak_check& check, int status) {
  const bool leaks = tell(check.look());
  return leaks && status == 0 ? 1 : status;
}

class leak_guard {
 public:
  using handler = std::function<void(const std::vector<leak>&)>;

  explicit leak_guard(
      leak_options options = {},
      handler on_leak =
          [](const std::vector<leak>& leaks) {
            tell(leaks);
            std::abort();
          })
      : on_leak_(std::move(on_leak)), check_(std::move(options)) {}
  leak_guard(const leak_guard&) = delete;
  leak_guard& operator=(const leak_guard&) = delete;
  ~leak_guard() {
    if (const auto leaks = check_.look(); !leaks.empty()) {
      on_leak_(leaks);
    }
  }

 private:
  handler on_leak_;
  leak_check check_;
};

}  // namespace workbook
