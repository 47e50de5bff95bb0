# workbook_chapter(01_pooling) declares all programs of one chapter,
# from tests/01_pooling/chapter.json and the files beside it. None is
# built unless it is asked for.
#
# A variant of a chapter is its tests with another folder of sources:
#
#   variant             sources
#   labs                labs/01_pooling, the reader's
#   solutions           solutions/01_pooling
#   alternatives.<word> tests/01_pooling/alternatives/<word>
#   mutants.<name>      the solutions with mutants/<name>.patch
#   steps.<id>          what a reader has who did the steps up to <id>
#
# Program <stem>.cpp of a variant is the target
# 01_pooling.<variant>.<stem>, built to 01_pooling/<variant>/<stem>.
#
# What is built to be read by nobody is built in fewer programs: all
# step_*.cpp of a snapshot or an alternative are one, `together`; of a
# mutant there are only the tests that its patch names.

include(test_it.cmake)

set(solutions_dir ${CMAKE_SOURCE_DIR}/solutions)

# ---- The chapter ------------------------------------------------------

function(workbook_chapter chapter)
  set(tests_dir ${CMAKE_CURRENT_SOURCE_DIR}/${chapter})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${tests_dir}/chapter.json)
  file(READ ${tests_dir}/chapter.json json)
  _strings(files "${json}" files)
  _strings(rests_on "${json}" rests_on)
  _strings(links "${json}" links)  # libraries of others; optional
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
  _variant(solutions "${tests};${together}" ${solutions_dir}/${chapter}
    solutions)
  foreach(program IN ITEMS demo bench)
    if(EXISTS ${tests_dir}/${program}.cpp
        AND (WORKBOOK_BENCH OR NOT program STREQUAL "bench"))
      _measured(labs ${program}
        ${CMAKE_SOURCE_DIR}/labs/${chapter} ${WORKBOOK_BASE})
      _measured(solutions ${program}
        ${solutions_dir}/${chapter} solutions)
    endif()
  endforeach()
  if(WORKBOOK_MATRIX)
    _matrix()
  endif()
endfunction()

# ---- The matrix: what grades the graders -----------------------------

# The folders and patches are looked up, not listed: to add an
# alternative or a mutant is to add its file.
macro(_matrix)
  file(GLOB alternatives CONFIGURE_DEPENDS
    ${tests_dir}/alternatives/*)
  foreach(folder IN LISTS alternatives)
    cmake_path(GET folder FILENAME word)
    _variant(alternatives.${word} "${few}" ${folder} solutions)
  endforeach()

  file(GLOB patches CONFIGURE_DEPENDS ${tests_dir}/mutants/*.patch)
  foreach(patch IN LISTS patches)
    cmake_path(GET patch STEM LAST_ONLY mutant)
    _mutant(${mutant})
    _named(${patch})
    _variant(mutants.${mutant} "${named_in}" ${mutant_dir} solutions
      ${mutant_target})
    foreach(test IN LISTS named_in)
      string(REGEX REPLACE "\\.cpp$" "" stem ${test})
      target_compile_definitions(${chapter}.mutants.${mutant}.${stem}
        PRIVATE ${named_definition})
    endforeach()
  endforeach()

  foreach(step IN ITEMS 0 ${steps})
    _snapshot(${step})
    _variant(steps.${step} "${few}" ${snapshot_dir} solutions
      ${snapshot_target})
  endforeach()
endmacro()

# Writes `together`, a file that includes all step_*.cpp; sets `few` to
# it and the other tests, but for those that run against a mutant of
# their own, whatever the variant is.
macro(_together)
  set(together ${CMAKE_BINARY_DIR}/${chapter}/together.cpp)
  set(few ${together})
  set(includes "")
  foreach(test IN LISTS tests)
    if(test MATCHES "^step_")
      string(APPEND includes "#include \"${tests_dir}/${test}\"\n")
    elseif(NOT breaks MATCHES "(^|;)${test}=")
      list(APPEND few ${test})
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${together} @ONLY CONTENT
    "// All tests of ${chapter} in one program; written by CMake.\n${includes}")
endmacro()

# Sets `named_in` to the test files in which are the tests that `patch`
# names, and `named_definition` to what keeps all others out of the
# program. With WORKBOOK_WHOLE_MUTANTS it is all files and all tests: a
# mutant that has survived is to face them all.
macro(_named patch)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${patch})
  set(named_in ${tests})
  set(named_definition "")
  if(NOT WORKBOOK_WHOLE_MUTANTS)
    file(STRINGS ${patch} names REGEX "^Caught-by:")
    string(REGEX REPLACE "^Caught-by:" "" names "${names}")
    separate_arguments(names)
    list(JOIN names "|" any_name)
    set(named_in "")
    foreach(test IN LISTS tests)
      file(STRINGS ${tests_dir}/${test} declared
        REGEX "(^|[(,]) *(${any_name}),")
      if(declared)
        list(APPEND named_in ${test})
      endif()
    endforeach()
    list(JOIN names " " named_definition)
    set(named_definition "WORKBOOK_NAMED=\" ${named_definition} \"")
  endif()
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

# Sets `snapshot_dir` to the sources as they are after `step`, written
# by `snapshot_target`. A snapshot that stays the same is not touched.
macro(_snapshot step)
  set(snapshot_parent
    ${CMAKE_BINARY_DIR}/${chapter}/steps.${step})
  set(snapshot_dir ${snapshot_parent}/sources)
  set(snapshot_target ${chapter}.steps.${step}.sources)
  set(written ${files} ${step_files})
  list(TRANSFORM written PREPEND ${solutions_dir}/${chapter}/
    OUTPUT_VARIABLE written_from)
  list(TRANSFORM written PREPEND ${snapshot_parent}/new/
    OUTPUT_VARIABLE new_files)
  list(TRANSFORM written PREPEND ${snapshot_dir}/
    OUTPUT_VARIABLE snapshot_files)
  add_custom_command(
    OUTPUT ${snapshot_parent}/written BYPRODUCTS ${snapshot_files}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${snapshot_dir}
    COMMAND workbook skeleton --chapter ${chapter} --step ${step}
      --out ${snapshot_parent}/new
    COMMAND ${CMAKE_COMMAND} -E copy_if_different
      ${new_files} ${snapshot_dir}
    COMMAND ${CMAKE_COMMAND} -E touch ${snapshot_parent}/written
    DEPENDS workbook ${tests_dir}/chapter.json ${written_from}
    COMMENT "Snapshot ${chapter} after step ${step}" VERBATIM)
  add_custom_target(${snapshot_target}
    DEPENDS ${snapshot_parent}/written)
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
    target_link_libraries(${target}
      PRIVATE lab_warnings workbook_instrumentation
        grading GTest::gmock Threads::Threads ${links})
    target_precompile_headers(${target} REUSE_FROM grading_precompiled)
    if(test STREQUAL test_it_test)
      _test_it(${variant})
    endif()
  endforeach()
endfunction()

# Declares the demo or the benchmark of `variant`.
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
  set(compiled ${files})
  list(FILTER compiled INCLUDE REGEX "\\.(cpp|S)$")
  list(TRANSFORM compiled PREPEND ${folder}/)
  target_sources(${target} PRIVATE ${compiled})
  foreach(other IN LISTS rests_on)
    set(other_dir ${CMAKE_SOURCE_DIR}/${base}/${other})
    target_include_directories(${target} PRIVATE ${other_dir})
    file(READ ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${other}/chapter.json
      other_json)
    _strings(compiled "${other_json}" files)
    list(FILTER compiled INCLUDE REGEX "\\.(cpp|S)$")
    list(TRANSFORM compiled PREPEND ${other_dir}/)
    target_sources(${target} PRIVATE ${compiled})
  endforeach()
  if(ARGN)
    add_dependencies(${target} ${ARGN})
  endif()
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
