// What my_tests.cpp is written with (step 4.8): the reader's tests.
//
//   MY_TEST(a_task_runs) {
//     …a scenario, as in the grading tests: explore::gate, settle()…
//     EXPECT_TRUE(ran) << "what the pool promised, and broke";
//   }
//
// Each test is run under 100 schedules against every pool, right and
// wrong; nothing but its behaviour tells which one it is.

#pragma once

#include <gtest/gtest.h>

#include "04_worker_pool/pool_under_test.hpp"
#include "04_worker_pool/run_status_words.hpp"
#include "explore/explore.hpp"

#define MY_TEST(name)                                         \
  static void my_test_##name();                               \
  static const ::workbook::test_it::enlisted enlisted_##name( \
      #name, my_test_##name);                                 \
  static void my_test_##name()
