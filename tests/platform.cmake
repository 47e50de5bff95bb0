# Where the explorer does not work, its tests run on real threads, under
# ThreadSanitizer if there is one; `workbook grade` says so and marks
# the record. WORKBOOK_RUNS_ON tells the program which it is.

include(CheckCXXSourceCompiles)

if(WORKBOOK_RUNTIME STREQUAL "explore")
  check_cxx_source_compiles([[
#include <cstdlib>
#if !defined __linux__ || !defined __GLIBC__
#error "Linux and the GNU C library are what the explorer replaces"
#elif !__GLIBC_PREREQ(2, 34)
#error "before 2.34 threads were a library of their own"
#elif !defined __x86_64__ && !defined __aarch64__
#error "its system calls are written for these two"
#endif
int main() {}
]] WORKBOOK_CAN_EXPLORE)
  if(NOT WORKBOOK_CAN_EXPLORE)
    set(CMAKE_REQUIRED_FLAGS -fsanitize=thread)
    check_cxx_source_compiles("int main() {}" WORKBOOK_HAS_TSAN)
    unset(CMAKE_REQUIRED_FLAGS)
    set(WORKBOOK_RUNTIME native)
    if(WORKBOOK_HAS_TSAN)
      set(WORKBOOK_RUNTIME tsan)
    endif()
    message(STATUS "The explorer needs Linux, x86-64 or aarch64, and "
      "glibc 2.34: the tests run on real threads (${WORKBOOK_RUNTIME})")
  endif()
endif()
set(WORKBOOK_RUNS_ON ${WORKBOOK_RUNTIME} CACHE INTERNAL
  "What the tests run on in truth")
