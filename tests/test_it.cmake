# "Test it": a step whose file holds the reader's tests. They are run
# against the pools that its "pools" in chapter.json name: "right" are
# variants of the chapter, "wrong" are mutants. Included by
# chapter.cmake, whose names it uses.
#
# Tests and pools are compiled apart (04_worker_pool/judged_pool.hpp),
# and all are in one program: a change of the reader's file compiles
# that file and nothing else.

# Sets, if some step has "pools", its test to `test_it_test`, the
# reader's file to `test_it_file`, and `test_it_pools` to all pools, as
# `name=folder`. `test_it_mutants` write the folders.
macro(_pools json)
  set(test_it_test "")
  set(test_it_pools "")
  set(test_it_mutants "")
  string(JSON count LENGTH "${json}" steps)
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON pools ERROR_VARIABLE no_pools
      GET "${json}" steps ${i} pools)
    if(no_pools)
      continue()
    endif()
    string(JSON test_it_test GET "${json}" steps ${i} tests 0)
    string(JSON test_it_file GET "${json}" steps ${i} file)
    _strings(right "${pools}" right)
    _strings(wrong "${pools}" wrong)
    foreach(pool IN LISTS right)
      if(pool MATCHES "^alternatives\\.(.+)$")
        list(APPEND test_it_pools
          ${CMAKE_MATCH_1}=${tests_dir}/alternatives/${CMAKE_MATCH_1})
      else()
        list(APPEND test_it_pools ${pool}=${solutions_dir}/${chapter})
      endif()
    endforeach()
    foreach(pool IN LISTS wrong)
      _mutant(${pool})
      list(APPEND test_it_pools ${pool}=${mutant_dir})
      list(APPEND test_it_mutants ${mutant_target})
    endforeach()
  endforeach()
endmacro()

# Adds the tests and the pools to `target`, the test of `variant`. Only
# a lab has tests of its own; all other variants have the reference's.
# Without the explorer there is nothing to judge a pool by.
function(_test_it variant)
  target_sources(${target} PRIVATE ${tests_dir}/trial.cpp)
  if(NOT WORKBOOK_RUNTIME STREQUAL "explore")
    return()
  endif()
  if(NOT TARGET ${chapter}.pools)
    _test_it_objects(pools)
    _pool_units()
    _test_it_objects(my_tests)
    target_sources(${chapter}.my_tests
      PRIVATE ${solutions_dir}/${chapter}/${test_it_file})
    _sources(${chapter}.my_tests ${solutions_dir}/${chapter} solutions)
  endif()
  target_link_libraries(${target} PRIVATE ${chapter}.pools)
  if(variant STREQUAL "labs")
    target_sources(${target}
      PRIVATE ${CMAKE_SOURCE_DIR}/labs/${chapter}/${test_it_file})
  else()
    target_link_libraries(${target} PRIVATE ${chapter}.my_tests)
  endif()
endfunction()

function(_test_it_objects name)
  add_library(${chapter}.${name} OBJECT EXCLUDE_FROM_ALL)
  target_link_libraries(${chapter}.${name}
    PRIVATE lab_warnings workbook_instrumentation GTest::gmock)
  target_precompile_headers(${chapter}.${name}
    REUSE_FROM grading_precompiled)
  target_include_directories(${chapter}.${name}
    PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
endfunction()

# Writes and adds a unit for each pool. All of them define the same
# names, so each gets a namespace called after the pool.
function(_pool_units)
  list(GET files 0 header)
  foreach(entry IN LISTS test_it_pools)
    string(REPLACE "=" ";" entry ${entry})
    list(GET entry 0 pool)
    list(GET entry 1 folder)
    set(unit ${CMAKE_BINARY_DIR}/${chapter}/pools/${pool}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT [[
// One pool for the reader's tests to judge; written by CMake.
#define workbook @pool@
#include "@folder@/@header@"
#undef workbook
using pool_to_judge = @pool@::worker_pool;
#include "@chapter@/judged_pool_of.hpp"

static const workbook::test_it::enlisted here(
    "@pool@", workbook::test_it::judged_pool_of::make);
]] @ONLY)
    target_sources(${chapter}.pools PRIVATE ${unit})
  endforeach()
  _sources(${chapter}.pools "" solutions)
  add_dependencies(${chapter}.pools ${test_it_mutants})
endfunction()
