// Where in the source a goroutine was started.
//
// Book: chapter 6, "A scheduler of your own". Given: nothing here is left to write.

#pragma once

namespace workbook::gmp {

/// As std::source_location, which Clang 14 does not have. As default
/// argument of a function, spawn_place::current() is where that function
/// is called.
class spawn_place {
 public:
  static constexpr spawn_place current(
      const char* file = __builtin_FILE(),
      unsigned line = __builtin_LINE(),
      const char* function = __builtin_FUNCTION()) noexcept {
    spawn_place here;
    here.file_ = file;
    here.line_ = line;
    here.function_ = function;
    return here;
  }

  constexpr const char* file_name() const noexcept { return file_; }
  constexpr unsigned line() const noexcept { return line_; }
  constexpr const char* function_name() const noexcept {
    return function_;
  }

 private:
  const char* file_ = "";
  unsigned line_ = 0;
  const char* function_ = "";
};

}  // namespace workbook::gmp
