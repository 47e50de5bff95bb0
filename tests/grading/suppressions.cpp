// What ThreadSanitizer wrongly blames on the code under test.

/// The exception that a future delivers is counted in libstdc++.so,
/// which is not instrumented: that the last owner destroys it after all
/// others have read it cannot be seen.
extern "C" const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n"
         "race:std::__future_base::_Result*::_M_destroy\n";
}
