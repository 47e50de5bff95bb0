// Where no grader listens (demos, benchmarks), a step that is not
// written ends the program.

#include <unistd.h>

#include <cstdio>

#include "grading/todo.hpp"

void grading::step_is_not_written(const char* step) noexcept {
  std::fprintf(stderr, "step %s is not written yet\n", step);
  ::_exit(1);
}
