// A leak check for a block and for the end of main.
//
// Book: chapter 5, "Leaks". Model: goleak's VerifyNone and
// VerifyTestMain.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>
#include <vector>

//@ #include "grading/todo.hpp"
#include "leak_check.hpp"

namespace workbook {

/// Prints each of `leaks` on stderr, with the call stack of its spawn.
inline void print(const std::vector<leak>& leaks) {
  for (const leak& each : leaks) {
    std::fprintf(stderr, "leak: %s\n", to_string(each).c_str());
    if (!each.stack.empty()) {
      backtrace_symbols_fd(each.stack.data(),
                           static_cast<int>(each.stack.size()),
                           fileno(stderr));
    }
  }
}

/// Prints the leaks, if any. Returns the exit status for main: 1 if
/// `status` is 0 and something leaked, otherwise `status`.
///
///   int main() {
///     const leak_check check;
///     …
///     return end_of_main(check, status);
///   }
inline int end_of_main(const leak_check& check, int status) {
  // [5.10 end_of_main]
  //@ return todo<int>("5.10", check, status);
  const std::vector<leak> leaks = check.look();
  print(leaks);
  return status == 0 && !leaks.empty() ? EXIT_FAILURE : status;
  // [5.10 end_of_main]
}

/// Checks a block. If something was started during the guard's life
/// and still exists at its end, the destructor calls `on_leak` once
/// with all of it. Without `on_leak` it prints the leaks and calls
/// std::abort. An exception may leave the block. `on_leak` must not
/// throw.
class leak_guard {
 public:
  using handler = std::function<void(const std::vector<leak>&)>;

  explicit leak_guard(leak_options options = {}, handler on_leak = {})
      : check_(std::move(options)), on_leak_(std::move(on_leak)) {}

  leak_guard(const leak_guard&) = delete;
  leak_guard& operator=(const leak_guard&) = delete;

  ~leak_guard() {
    // [5.10 guard]
    //@ todo("5.10");
    const std::vector<leak> leaks = check_.look();
    if (leaks.empty()) {
      return;
    }
    if (on_leak_) {
      on_leak_(leaks);
      return;
    }
    print(leaks);
    std::abort();
    // [5.10 guard]
  }

 private:
  leak_check check_;
  handler on_leak_;
};

}  // namespace workbook
