#include "repetition.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace explore {
namespace {

constexpr int exit_noted = 98;

}  // namespace

bool repetition::noted() const {
  return WIFEXITED(status) && WEXITSTATUS(status) == exit_noted;
}

bool repetition::clean() const {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string repetition::complaint() const {
  constexpr int most_lines = 24;
  auto begin = said.find("WARNING: ");
  if (begin == std::string::npos) {
    begin = said.find("ERROR: ");
  }
  if (begin == std::string::npos) {
    begin = said.find("runtime error: ");
  }
  if (begin != std::string::npos) {
    begin = said.rfind('\n', begin) + 1;
    auto end = begin;
    for (int i = 0; i < most_lines && end != std::string::npos; ++i) {
      end = said.find('\n', end + 1);
    }
    return said.substr(begin, end - begin);
  }
  return WIFSIGNALED(status) ? std::string("ended by SIG") +
                                   sigabbrev_np(WTERMSIG(status))
                             : "the process ended with exit status " +
                                   std::to_string(WEXITSTATUS(status));
}

repetition repeat_once(const std::function<void()>& body) {
  std::fflush(nullptr);
  std::FILE* const said = std::tmpfile();
  const pid_t child = fork();
  if (child == 0) {
    dup2(fileno(said), STDERR_FILENO);
    body();
    std::exit(0);
  }
  repetition tried;
  while (waitpid(child, &tried.status, 0) < 0 && errno == EINTR) {
  }
  std::rewind(said);
  std::array<char, 4096> piece;
  while (const auto got =
             std::fread(piece.data(), 1, piece.size(), said)) {
    tried.said.append(piece.data(), got);
  }
  std::fclose(said);
  std::fputs(tried.said.c_str(), stderr);
  return tried;
}

// The sanitizer does not see this call, and so has nothing to say of
// the threads.
void leave() {
  for (;;) {
    syscall(SYS_exit_group, exit_noted);
  }
}

}  // namespace explore
