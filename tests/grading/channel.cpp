#include "grading/channel.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

namespace grading::channel {
namespace {

constexpr auto variable = "WORKBOOK_CHANNEL";

// Set by open(), before any test runs.
int descriptor = -1;
pid_t owner = 0;

// Held while a line is written, so that lines stay whole.
std::mutex writing;

}  // namespace

void open() {
  const char* const text = std::getenv(variable);
  if (text == nullptr) {
    return;
  }
  int inherited = -1;
  std::from_chars(text, text + std::strlen(text), inherited);
  constexpr int out_of_the_way = 200;
  descriptor = ::fcntl(inherited, F_DUPFD_CLOEXEC, out_of_the_way);
  owner = ::getpid();
  ::unsetenv(variable);
  if (descriptor >= 0) {
    ::close(inherited);
  }
}

bool is_open() {
  return descriptor >= 0 && ::getpid() == owner;
}

void send(const nlohmann::json& event) {
  if (!is_open()) {
    return;
  }
  // A test's message may hold any bytes; JSON holds only UTF-8.
  const std::string line =
      event.dump(-1, ' ', false,
                 nlohmann::json::error_handler_t::replace) +
      '\n';
  const std::scoped_lock lock(writing);
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n =
        ::write(descriptor, line.data() + sent, line.size() - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (n < 0 && errno != EINTR) {
      return;  // The grader is gone; nobody is left to be told.
    }
  }
}

}  // namespace grading::channel
