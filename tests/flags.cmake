# Flags, as INTERFACE targets: who links one gets its flags, and
# third-party code never sees them.

# Everything that we or a reader write. What Clang counts among
# -Wconversion and GCC does not is left out, so that code which one of
# them takes is not refused by the other.
add_library(workbook_warnings INTERFACE)
target_compile_options(workbook_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wno-sign-conversion>)

# The same for chapters: in a lab that is half done, a member that only
# a later step uses is fine.
add_library(lab_warnings INTERFACE)
target_link_libraries(lab_warnings INTERFACE workbook_warnings)
target_compile_options(lab_warnings INTERFACE
  $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wno-unused-private-field>)

# Tests and the code under test. Under the explorer the instrumentation
# is compiled in and nothing more: the link gets tests/explore in place
# of the sanitizer's runtime. Assertions stay on, so no -DNDEBUG.
#
# The matrix has hundreds of variants and is debugged never: what counts
# is how soon it is compiled.
add_library(workbook_instrumentation INTERFACE)
# front() of an empty container, an index out of its range: a crash, at
# once, and not what happens to be there.
target_compile_definitions(workbook_instrumentation INTERFACE
  _GLIBCXX_ASSERTIONS)
set(explored_flags -O0 -g)
if(WORKBOOK_MATRIX)
  set(explored_flags -O0 -g1 -w)
endif()
if(WORKBOOK_RUNTIME STREQUAL "explore")
  # GCC warns that ThreadSanitizer ignores atomic_thread_fence; ours
  # does not.
  target_compile_options(workbook_instrumentation INTERFACE
    ${explored_flags} -fsanitize=thread $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
elseif(WORKBOOK_RUNTIME STREQUAL "tsan")
  target_compile_options(workbook_instrumentation INTERFACE
    -O1 -g1 -fsanitize=thread $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(workbook_instrumentation INTERFACE
    -fsanitize=thread)
elseif(WORKBOOK_RUNTIME STREQUAL "asan")
  set(flags -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_compile_options(workbook_instrumentation INTERFACE
    -O0 -g1 -fno-omit-frame-pointer ${flags})
  target_link_options(workbook_instrumentation INTERFACE ${flags})
endif()

# Benchmarks and demos, whatever else is built beside them.
add_library(workbook_measured INTERFACE)
target_compile_options(workbook_measured INTERFACE -O2 -DNDEBUG)

# Our own programs and libraries that tests link: quick to build, since
# a reader's first `make` waits for them.
add_library(workbook_tools INTERFACE)
target_link_libraries(workbook_tools INTERFACE workbook_warnings)
target_include_directories(workbook_tools INTERFACE
  ${CMAKE_CURRENT_SOURCE_DIR})
if(NOT CMAKE_BUILD_TYPE)
  target_compile_options(workbook_tools INTERFACE -O0 -g1)
endif()

# Compiles the files of `target` in units of `size` files (0: all in
# one). Most of what a file costs is what it includes, so that takes a
# third of the time. Names in an anonymous namespace must differ within
# the target, but a local name may be that of another file's.
function(workbook_few_units target size)
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size}
    UNITY_BUILD_CODE_BEFORE_INCLUDE
      "#pragma GCC diagnostic ignored \"-Wshadow\"")
endfunction()

# A quicker linker, if there is one.
find_program(LLD ld.lld)
find_program(GOLD ld.gold)
mark_as_advanced(LLD GOLD)
if(LLD)
  add_link_options(-fuse-ld=lld)
elseif(GOLD)
  add_link_options(-fuse-ld=gold)
endif()

# ccache makes a return to earlier code (undo, another branch) free. It
# needs to be told that a precompiled header may be trusted.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
