// A process of its own, for what a process has only one of: signals.

#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "grading/todo.hpp"

namespace workbook {

/// How a process ended: its exit code, or minus the signal. Every body
/// begins with a guard: what is not written is step 2.5.
inline int ending_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    return -WTERMSIG(status);
  }
  if (WEXITSTATUS(status) == 97) {
    todo("2.5");  // the grader listens to this process only
  }
  return WEXITSTATUS(status);
}

/// Starts a child in which SIGINT and SIGTERM have their default
/// actions; it exits with what `body` returns, and dies with us.
template <typename Body>
pid_t start_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    ::sigprocmask(SIG_UNBLOCK, &both, nullptr);
    int code = 99;  // an exception
    try {
      code = body();
    } catch (...) {
    }
    ::_exit(code);
  }
  return child;
}

/// Runs `body` in a child, and tells how that ended.
template <typename Body>
int in_a_child(Body body) {
  return ending_of(start_child(body));
}

}  // namespace workbook
