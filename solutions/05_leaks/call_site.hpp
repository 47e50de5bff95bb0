// Where a call is in the source.
//
// Book: chapter 5, "Leaks". Given: nothing here is left to write.

#pragma once

namespace workbook {

/// Like std::source_location, which Clang 14 does not have. As the
/// default argument of a function, call_site::current() is the place
/// where that function is called.
class call_site {
 public:
  static constexpr call_site current(
      const char* file = __builtin_FILE(),
      unsigned line = __builtin_LINE(),
      const char* function = __builtin_FUNCTION()) noexcept {
    call_site here;
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

}  // namespace workbook
