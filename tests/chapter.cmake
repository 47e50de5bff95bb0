# workbook_chapter(01_pooling) declares all programs of one chapter,
# from tests/01_pooling/chapter.json and the files beside it. None is
# built unless it is asked for.
#
# A variant of a chapter is its tests with another folder of sources:
#
#   variant             sources
#   labs                labs/01_pooling, the reader's
#   solutions           solutions/01_pooling
#
# Program <stem>.cpp of a variant is the target
# 01_pooling.<variant>.<stem>, built to 01_pooling/<variant>/<stem>.
#
# The tree of the matrix (WORKBOOK_MATRIX) has other programs, in which
# alternatives, mutants and snapshots are judged.

include(test_it.cmake)

set(solutions_dir ${CMAKE_SOURCE_DIR}/solutions)

# A handout has labs and their tests, and no reference to compare with.
# What needs one (a mutant to break) is graded where it is handed in.
set(is_handout FALSE)
if(NOT IS_DIRECTORY ${solutions_dir})
  set(is_handout TRUE)
  add_compile_definitions(WORKBOOK_HANDOUT)
endif()
if(WORKBOOK_MATRIX)
  cmake_language(DEFER CALL _units)
endif()

# ---- The chapter ------------------------------------------------------

function(workbook_chapter chapter)
  if(WORKBOOK_MATRIX)
    return()  # what it has is listed in units.cmake
  endif()
  set(tests_dir ${CMAKE_CURRENT_SOURCE_DIR}/${chapter})
  _read_chapter()
  _steps(steps tests breaks step_files "${json}")
  list(TRANSFORM files PREPEND ${solutions_dir}/${chapter}/
    OUTPUT_VARIABLE solution_files)

  # A "break it" test runs against its mutant, whatever the variant is;
  # the reader's schedule is read when it runs.
  foreach(entry IN LISTS breaks)
    string(REPLACE "=" ";" entry ${entry})
    list(GET entry 1 mutant)
    _mutant(${mutant})
  endforeach()

  _pools("${json}")
  _together()
  _variant(labs "${tests}" ${CMAKE_SOURCE_DIR}/labs/${chapter}
    ${WORKBOOK_BASE})
  if(is_handout)
    return()
  endif()
  _variant(solutions "${tests};${together}" ${solutions_dir}/${chapter}
    solutions)
  foreach(program IN ITEMS demo soak bench)
    if(EXISTS ${tests_dir}/${program}.cpp
        AND (WORKBOOK_BENCH OR NOT program STREQUAL "bench"))
      _measured(labs ${program}
        ${CMAKE_SOURCE_DIR}/labs/${chapter} ${WORKBOOK_BASE})
      _measured(solutions ${program}
        ${solutions_dir}/${chapter} solutions)
    endif()
  endforeach()
endfunction()

# Sets `json`, `files`, `rests_on` and `links` (libraries of others;
# optional) as chapter.json has them.
macro(_read_chapter)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${tests_dir}/chapter.json)
  file(READ ${tests_dir}/chapter.json json)
  _strings(files "${json}" files)
  _strings(rests_on "${json}" rests_on)
  _strings(links "${json}" links)
endmacro()

# ---- The matrix: what grades the graders -----------------------------

# Mutants, alternatives and snapshots. The program `workbook` decides
# which of them share a program, writes its source, and lists it in
# units.cmake (tests/workbook/matrix_programs.hpp).
function(_units)
  set(list ${CMAKE_BINARY_DIR}/units.cmake)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  include(${list} OPTIONAL)
endfunction()

# workbook_unit(01_pooling mutants.step_1.0): one program of the matrix.
# An optional last argument is the folder of the variant that it is for
# alone.
function(workbook_unit chapter name)
  set(tests_dir ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${chapter})
  if(NOT EXISTS ${CMAKE_BINARY_DIR}/${chapter}/units/${name}.cpp
      OR NOT EXISTS ${tests_dir}/chapter.json)
    return()
  endif()
  _read_chapter()
  set(folder ${solutions_dir}/${chapter})
  if(ARGN)
    set(folder ${ARGN})
  endif()
  set(target ${chapter}.matrix.${name})
  add_executable(${target} EXCLUDE_FROM_ALL
    ${CMAKE_BINARY_DIR}/${chapter}/units/${name}.cpp)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${chapter}/matrix)
  target_include_directories(${target}
    PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  _compiled(${target} "\\.S$" ${folder} solutions)
  _links_of_a_test(${target})
endfunction()

# Writes `together`, a file that includes all step_*.cpp, for the
# sanitizers' builds.
macro(_together)
  set(together ${CMAKE_BINARY_DIR}/${chapter}/together.cpp)
  set(includes "")
  foreach(test IN LISTS tests)
    if(test MATCHES "^step_")
      string(APPEND includes "#include \"${tests_dir}/${test}\"\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${together} @ONLY CONTENT
    "// All tests of ${chapter} in one program; written by CMake.\n${includes}")
endmacro()

# Sets `mutant_dir` to the solutions with the patch applied, written by
# `mutant_target` when something needs it.
macro(_mutant name)
  set(mutant_parent
    ${CMAKE_BINARY_DIR}/${chapter}/mutants.${name}/sources)
  set(mutant_dir ${mutant_parent}/${chapter})
  set(mutant_target ${chapter}.mutants.${name}.sources)
  set(mutant_patch ${tests_dir}/mutants/${name}.patch)
  list(TRANSFORM files PREPEND ${mutant_dir}/
    OUTPUT_VARIABLE mutant_files)
  if(NOT TARGET ${mutant_target})
    add_custom_command(OUTPUT ${mutant_files}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${mutant_dir}
      COMMAND ${CMAKE_COMMAND} -E copy ${solution_files} ${mutant_dir}
      COMMAND patch --directory=${mutant_parent} --strip=1 --fuzz=0
        --silent --no-backup-if-mismatch --input=${mutant_patch}
      DEPENDS ${solution_files} ${mutant_patch}
      COMMENT "Mutant ${chapter} ${name}" VERBATIM)
    add_custom_target(${mutant_target} DEPENDS ${mutant_files})
  endif()
endmacro()

# ---- One variant -----------------------------------------------------

# Declares the test programs of `variant` from the files `sources`. The
# code under test is in `folder`; the chapters it rests on come from
# `base` (labs or solutions). An optional last argument names the target
# that writes `folder`.
function(_variant variant sources folder base)
  foreach(test IN LISTS sources)
    _program(${variant} ${test})
    if(breaks MATCHES "(^|;)${test}=([^;]+)")
      set(mutant ${CMAKE_MATCH_2})
      _sources(${target}
        ${CMAKE_BINARY_DIR}/${chapter}/mutants.${mutant}/sources/${chapter}
        solutions ${chapter}.mutants.${mutant}.sources)
    else()
      _sources(${target} ${folder} ${base} ${ARGN})
    endif()
    _links_of_a_test(${target})
    if(test STREQUAL test_it_test)
      _test_it(${variant})
    endif()
  endforeach()
endfunction()

# What every test links.
macro(_links_of_a_test target)
  target_link_libraries(${target}
    PRIVATE lab_warnings workbook_instrumentation
      grading GTest::gmock Threads::Threads ${links})
  target_precompile_headers(${target} REUSE_FROM grading_precompiled)
endmacro()

# Declares the demo, the soak test or the benchmark of `variant`.
function(_measured variant program folder base)
  _program(${variant} ${program}.cpp)
  _sources(${target} ${folder} ${base})
  target_link_libraries(${target}
    PRIVATE lab_warnings workbook_measured ungraded Threads::Threads
      ${links}
      $<$<STREQUAL:${program},bench>:benchmark::benchmark>)
  # Peers that are libraries, not headers; a benchmark names one as
  # missing where it is not defined.
  find_package(Boost COMPONENTS fiber QUIET)
  if(program STREQUAL "bench" AND TARGET Boost::fiber)
    target_link_libraries(${target} PRIVATE Boost::fiber)
    target_compile_definitions(${target} PRIVATE WORKBOOK_BOOST_FIBER)
  endif()
  find_package(TBB QUIET)
  if(program STREQUAL "bench" AND TARGET TBB::tbb)
    target_link_libraries(${target} PRIVATE TBB::tbb)
    target_compile_definitions(${target} PRIVATE WORKBOOK_ONETBB)
  endif()
endfunction()

# Declares the program of one source file, beside chapter.json or with
# its path, and sets `target` to it.
macro(_program variant source)
  set(program_source ${source})
  cmake_path(GET program_source STEM LAST_ONLY stem)
  cmake_path(ABSOLUTE_PATH program_source BASE_DIRECTORY ${tests_dir})
  set(target ${chapter}.${variant}.${stem})
  add_executable(${target} EXCLUDE_FROM_ALL ${program_source})
  target_include_directories(${target}
    PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${stem}
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${chapter}/${variant})
endmacro()

# Gives `target` the sources in `folder`, and those of the chapters that
# this one rests on. An optional last argument names the target that
# writes `folder`.
function(_sources target folder base)
  target_include_directories(${target} PRIVATE ${folder})
  foreach(other IN LISTS rests_on)
    target_include_directories(${target}
      PRIVATE ${CMAKE_SOURCE_DIR}/${base}/${other})
  endforeach()
  _compiled(${target} "\\.(cpp|S)$" "${folder}" ${base})
  if(ARGN)
    add_dependencies(${target} ${ARGN})
  endif()
endfunction()

# Adds to `target` those files of the chapter in `folder`, and of the
# chapters that it rests on, whose names match `wanted`.
function(_compiled target wanted folder base)
  set(compiled ${files})
  list(FILTER compiled INCLUDE REGEX ${wanted})
  list(TRANSFORM compiled PREPEND ${folder}/)
  target_sources(${target} PRIVATE ${compiled})
  foreach(other IN LISTS rests_on)
    file(READ ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${other}/chapter.json
      other_json)
    _strings(compiled "${other_json}" files)
    list(FILTER compiled INCLUDE REGEX ${wanted})
    list(TRANSFORM compiled PREPEND
      ${CMAKE_SOURCE_DIR}/${base}/${other}/)
    target_sources(${target} PRIVATE ${compiled})
  endforeach()
endfunction()

# ---- Reading chapter.json --------------------------------------------

# `out`: the strings of the array `member` of `object`, if it is there.
function(_strings out object member)
  set(all "")
  string(JSON count ERROR_VARIABLE missing LENGTH "${object}" ${member})
  if(missing)
    set(count 0)
  endif()
  foreach(i RANGE ${count})
    if(i LESS count)
      string(JSON text GET "${object}" ${member} ${i})
      list(APPEND all "${text}")
    endif()
  endforeach()
  set(${out} ${all} PARENT_SCOPE)
endfunction()

# `ids` of the steps, their test files, as `test=mutant` the tests that
# run against a mutant, and the steps' own `files` (schedules).
function(_steps ids tests breaks files json)
  foreach(list IN ITEMS ids tests breaks files)
    set(all_${list} "")
  endforeach()
  string(JSON count LENGTH "${json}" steps)
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON step GET "${json}" steps ${i})
    string(JSON id GET "${step}" id)
    _strings(step_tests "${step}" tests)
    string(JSON mutant ERROR_VARIABLE no_mutant GET "${step}" mutant)
    string(JSON file ERROR_VARIABLE no_file GET "${step}" file)
    list(APPEND all_ids ${id})
    list(APPEND all_tests ${step_tests})
    if(NOT no_file)
      list(APPEND all_files ${file})
    endif()
    if(NOT no_mutant)
      list(TRANSFORM step_tests APPEND =${mutant})
      list(APPEND all_breaks ${step_tests})
    endif()
  endforeach()
  foreach(list IN ITEMS ids tests breaks files)
    set(${${list}} ${all_${list}} PARENT_SCOPE)
  endforeach()
endfunction()
