// Document 001's programme, on our runner.
//
//   demo <limit>   runs it under that many seconds: exit code 0 when
//                  completed, 1 when timed out, 2 after Ctrl-C
//   demo           shows the three endings, one after the other

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "interrupt_guard.hpp"
#include "programme.hpp"

namespace {

int run_under(std::chrono::seconds limit) {
  workbook::interrupt_guard guard;
  return workbook::document_programme(
      limit, guard.token(), [](const std::string& line) {
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
      });
}

// Runs the programme in a process of its own and tells its exit code;
// with `interrupt`, sends SIGINT after 1.5 s, as Ctrl-C would.
void show(const char* title, std::chrono::seconds limit,
          bool interrupt) {
  std::printf("%s\n", title);
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(run_under(limit));
  }
  if (interrupt) {
    ::usleep(1'500'000);
    ::kill(child, SIGINT);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  std::printf("exit code %d\n\n", WEXITSTATUS(status));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    show("Under 4 s:", std::chrono::seconds(4), false);
    show("Under 3 s, a tie:", std::chrono::seconds(3), false);
    show("Under 4 s, Ctrl-C after 1.5 s:", std::chrono::seconds(4),
         true);
    return 0;
  }
  char* end = nullptr;
  const long limit = std::strtol(argv[1], &end, 10);
  if (argc > 2 || *end != '\0' || end == argv[1] || limit < 0 ||
      limit > 1'000'000) {
    std::fprintf(stderr,
                 "demo: \"%s\" is no limit; give whole seconds, such "
                 "as 4\n",
                 argv[1]);
    return 64;
  }
  return run_under(std::chrono::seconds(limit));
}
