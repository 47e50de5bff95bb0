# Libraries of others: the distribution's package if it is installed,
# else one pinned commit, fetched and built like a part of this project.

find_package(Threads REQUIRED)
include(FetchContent)

# Whether git can read `url` is asked first: offline, one clear line is
# better than FetchContent's stack of errors.
function(workbook_package package url commit)
  find_package(${package} QUIET)
  if(${package}_FOUND)
    return()
  endif()
  string(TOLOWER ${package} name)
  if(NOT EXISTS ${CMAKE_BINARY_DIR}/_deps/${name}-src/.git)
    message(STATUS "${package} is not installed: fetching ${url}")
    find_program(GIT git)
    mark_as_advanced(GIT)
    execute_process(COMMAND ${GIT} ls-remote ${url} HEAD TIMEOUT 60
      RESULT_VARIABLE unreachable OUTPUT_QUIET ERROR_QUIET)
    if(unreachable)
      message(FATAL_ERROR "${package} is not installed, and ${url} "
        "cannot be reached. Under Debian and Ubuntu `make packages` "
        "installs it.")
    endif()
  endif()
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the explorer is shared
  # SYSTEM comes first: CMake 3.25 takes it for part of what it follows.
  FetchContent_Declare(${package} SYSTEM
    GIT_REPOSITORY ${url} GIT_TAG ${commit})
  FetchContent_MakeAvailable(${package})
endfunction()

set(INSTALL_GTEST OFF)
set(JSON_BuildTests OFF)
set(JSON_Install OFF)
set(CLI11_BUILD_TESTS OFF)
set(CLI11_BUILD_EXAMPLES OFF)
set(CLI11_BUILD_DOCS OFF)
set(BENCHMARK_ENABLE_TESTING OFF)
set(BENCHMARK_ENABLE_INSTALL OFF)

workbook_package(GTest https://github.com/google/googletest.git
  f8d7d77c06936315286eb55f8de22cd23c188571)  # v1.14.0
workbook_package(nlohmann_json https://github.com/nlohmann/json.git
  9cca280a4d0ccf0c08f47a99aa71d1b0e52f8d03)  # v3.11.3
workbook_package(CLI11 https://github.com/CLIUtils/CLI11.git
  291c58789c031208f08f4f261a858b5b7083e8e2)  # v2.3.2
workbook_package(fmt https://github.com/fmtlib/fmt.git
  a33701196adfad74917046096bf5a2aa0ab0bb50)  # 9.1.0
if(WORKBOOK_BENCH)
  workbook_package(benchmark https://github.com/google/benchmark.git
    344117638c8ff7e239044fd0fa7085839fc03021)  # v1.8.3
endif()

# The embedded database that chapter 3 pools connections to.
find_package(SQLite3 QUIET)
if(NOT SQLite3_FOUND)
  message(FATAL_ERROR "SQLite3 is not installed. Under Debian and "
    "Ubuntu `make packages` installs it.")
endif()
