// The reader's tests (step 4.8) against one pool.

#include "04_worker_pool/trial.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "04_worker_pool/judged_pool.hpp"
#include "explore/explore.hpp"
#include "explore/observer.hpp"

namespace workbook::test_it {
namespace {

constexpr int schedules = 100;

// The end of the socket that the process of a trial inherits.
constexpr int court = 201;
constexpr auto court_variable = "WORKBOOK_TRIAL";

struct my_test {
  const char* name;
  void (*scenario)();
};

std::vector<my_test>& tests() {
  static std::vector<my_test> all;
  return all;
}

std::map<std::string, pool_maker>& pools() {
  static std::map<std::string, pool_maker> all;
  return all;
}

// Whether a name was given to a second pool: by the reader's file, for
// the units of the pools give none twice.
bool enlisted_twice = false;

void say(int to, std::string_view words) {
  while (!words.empty()) {
    const ssize_t sent =
        ::send(to, words.data(), words.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      words.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      return;  // nobody listens
    }
  }
}

// What the other side says, until it has no more to say or `most`
// characters are there.
std::string hear(int from, std::size_t most = std::string::npos) {
  std::string words;
  std::array<char, 4096> part{};
  while (words.size() < most) {
    const ssize_t got =
        ::recv(from, part.data(),
               std::min(part.size(), most - words.size()), 0);
    if (got > 0) {
      words.append(part.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  return words;
}

// ---- The process of a trial ----------------------------------------

// Both are written before the scenario begins that reads them.
pool_maker on_trial = nullptr;
const char* running = "";  // the name of the test

// What the explorer tells of one test. The lanes are left out: they
// show the code of the pool.
void take_note(const explore::test_result& what) {
  if (!what.failed) {
    return;
  }
  std::string words = running;
  if (!what.file.empty()) {
    words += " (" +
             std::filesystem::path(what.file).filename().string() +
             ":" + std::to_string(what.line) + ")";
  }
  words += " fails:\n";
  words += what.failure.substr(0, what.failure.find("\n\n"));
  say(court, words);
  ::_exit(1);
}

// Not a graded test: what runs in the process that try_pool starts. The
// pool is named when all that the reader's file does before main has
// been done, and only to this process, not to those of the schedules.
TEST(my_tests, trial) {
  if (std::getenv(court_variable) == nullptr) {
    GTEST_SKIP() << "is run by the tests of step 4.8";
  }
  ::unsetenv(court_variable);
  say(court, "?");
  on_trial = pools().at(hear(court));
  if (enlisted_twice) {
    say(court, "my_tests.cpp enlists a pool; its tests are to judge");
    ::_exit(1);
  }
  explore::set_observer(take_note);
  for (const my_test& each : tests()) {
    running = each.name;
    explore::run(each.name, each.scenario, {.schedules = schedules});
  }
  ::_exit(0);
}

// Becomes the process of a trial. Its arguments and environment are the
// same for every pool.
[[noreturn]] void begin_trial(int socket) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(socket, court);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  ::setenv(court_variable, "1", 1);
  for (const char* each :
       {"WORKBOOK_SEED", "WORKBOOK_LANES", "WORKBOOK_THINNED"}) {
    ::unsetenv(each);  // they are about this test, not the reader's
  }
  ::execl("/proc/self/exe", "my_tests", "--gtest_filter=my_tests.trial",
          nullptr);
  ::_exit(1);
}

// ---- The process of a graded test ----------------------------------

struct socket_pair {
  socket_pair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
                     ends.data()) != 0) {
      throw std::system_error(errno, std::generic_category(), "socket");
    }
  }
  std::array<int, 2> ends{};
};

}  // namespace

verdict try_pool(const std::string& pool) {
  (void)pools().at(pool);  // throws here rather than there
  const auto [here, there] = socket_pair().ends;
  const pid_t child = ::fork();
  if (child == 0) {
    begin_trial(there);
  }
  ::close(there);
  if (child < 0) {
    ::close(here);
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  verdict told;
  if (hear(here, 1) == "?") {
    say(here, pool);
    ::shutdown(here, SHUT_WR);
    told.words = hear(here);
  }
  ::close(here);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  told.failed = status != 0;
  if (told.failed && told.words.empty()) {
    told.words = "the process of the tests ended early";
    if (WIFSIGNALED(status)) {
      told.words += std::string(": ") + ::strsignal(WTERMSIG(status));
    }
  }
  return told;
}

std::unique_ptr<judged_pool> make_pool(std::size_t workers,
                                       error_handler on_error) {
  return on_trial(workers, std::move(on_error));
}

enlisted::enlisted(const char* pool, pool_maker make) {
  enlisted_twice |= !pools().emplace(pool, make).second;
}

enlisted::enlisted(const char* test, void (*scenario)()) {
  tests().push_back({test, scenario});
}

}  // namespace workbook::test_it
