// Correct: the source is asked only when somebody wants a value.

#pragma once

#include <functional>
#include <optional>
#include <semaphore>
#include <thread>

namespace workbook {

inline std::optional<int> first_wanted(
    const std::function<std::optional<int>()>& source,
    const std::function<bool(int)>& wanted) {
  std::binary_semaphore asked(0);
  std::binary_semaphore answered(0);
  std::optional<int> value;
  bool over = false;
  std::jthread producer([&] {
    for (asked.acquire(); !over; asked.acquire()) {
      value = source();
      answered.release();
    }
  });
  struct leaver {
    bool& over;
    std::binary_semaphore& asked;
    ~leaver() {
      over = true;
      asked.release();
    }
  } const leave{over, asked};

  do {
    asked.release();
    answered.acquire();
  } while (value && !wanted(*value));
  return value;
}

}  // namespace workbook
