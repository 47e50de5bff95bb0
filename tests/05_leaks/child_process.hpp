// Shared by the native tests of this chapter: a body in a process of its
// own, and waiting for what the kernel reports.

#pragma once

#include <poll.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "grading/todo.hpp"

namespace workbook {

/// How a process ended, and what it wrote.
struct ended_as {
  int status = -1;  // of exit; -1 if a signal ended it
  std::string output = {};
};

// The exit status of a process that reaches an unwritten step.
inline constexpr int not_written = 97;

/// Runs `body` in a process of its own, and keeps its output. Status 0
/// if it returns. If it reaches a step that is not written, this process
/// ends as for that step.
template <typename Body>
ended_as in_a_process(Body body) {
  int pipe[2] = {};
  if (::pipe(pipe) != 0) {
    return {};
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::dup2(pipe[1], STDERR_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    body();
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::close(pipe[1]);
  ended_as end;
  std::array<char, 4096> part = {};
  for (ssize_t got = 1; got > 0;) {
    got = ::read(pipe[0], part.data(), part.size());
    end.output.append(part.data(), got > 0 ? std::size_t(got) : 0);
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const std::size_t step = end.output.find("step ");
  if (end.status == not_written && step != std::string::npos) {
    const std::string rest = end.output.substr(step + 5);
    todo(rest.substr(0, rest.find(' ')).c_str());
  }
  return end;
}

/// Polls until the condition holds. If it never does, the grader's
/// limits end the test.
template <typename Condition>
void wait_until(Condition seen) {
  while (!seen()) {
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace workbook
