// What my_tests.cpp is written with (step 4.8): the reader's tests.
//
//   MY_TEST(a_task_runs) {
//     …a scenario, as in the grading tests: explore::gate, settle()…
//     EXPECT_TRUE(ran) << "what the pool promised, and broke";
//   }
//
// Each test is run under 100 schedules against every pool, right and
// wrong; POOL_UNDER_TEST names the pool that is compiled in.

#pragma once

#include "grading/grading.hpp"

#define MY_TEST(name) MY_TEST_OF(POOL_UNDER_TEST, name)
#define MY_TEST_OF(pool, name) \
  EXPLORED(pool, name, 4.8, 0, .schedules = 100)
