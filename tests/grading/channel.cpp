#include "grading/channel.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "explore/raw_syscall.hpp"

namespace grading::channel {
namespace {

constexpr auto variable = "WORKBOOK_CHANNEL";

// Set by open().
int descriptor = -1;
pid_t owner = 0;
bool canary = false;
std::array<char, 64> word{};

// Held while a line is written, so that lines stay whole.
std::mutex writing;

// Not the C library's write(): a program may have one of its own.
ssize_t write_some(const char* from, std::size_t size) {
  return explore::raw_syscall(
      SYS_write, descriptor,
      static_cast<long>(reinterpret_cast<std::intptr_t>(from)),
      static_cast<long>(size));
}

}  // namespace

void open() {
  char* const text = std::getenv(variable);
  if (text == nullptr) {
    return;
  }
  char* const end = text + std::strlen(text);
  int inherited = -1;
  const auto number = std::from_chars(text, end, inherited);
  if (number.ptr != end) {
    std::snprintf(word.data(), word.size(), "%s", number.ptr + 1);
    const std::size_t last = std::strlen(word.data());
    canary = last > 0 && word[last - 1] == '+';
    if (canary) {
      word[last - 1] = '\0';
    }
  }
  std::fill(text, end, '\0');  // /proc shows it after unsetenv
  ::unsetenv(variable);
  constexpr int out_of_the_way = 200;
  descriptor = ::fcntl(inherited, F_DUPFD_CLOEXEC, out_of_the_way);
  owner = ::getpid();
  if (descriptor >= 0) {
    ::close(inherited);
  }
}

bool is_open() {
  return descriptor >= 0 && ::getpid() == owner;
}

bool is_canary() {
  return canary;
}

void send(const nlohmann::json& event) {
  if (!is_open()) {
    return;
  }
  // A test's message may hold any bytes; JSON holds only UTF-8.
  const std::string line =
      std::string(word.data()) + ' ' +
      event.dump(-1, ' ', false,
                 nlohmann::json::error_handler_t::replace) +
      '\n';
  const std::scoped_lock lock(writing);
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n =
        write_some(line.data() + sent, line.size() - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (n != -EINTR) {
      return;  // The grader is gone; nobody is left to be told.
    }
  }
}

}  // namespace grading::channel
