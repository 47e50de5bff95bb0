#include "grading/channel.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "explore/raw_syscall.hpp"

namespace grading {
namespace {

constexpr std::string_view variable = "WORKBOOK_CHANNEL=";

/// The value of `variable`, as it stands in the environment; null if
/// it is not there. Takes it out.
char* take_out(char** environment) {
  for (char** each = environment; *each != nullptr; ++each) {
    std::size_t same = 0;
    while (same < variable.size() && (*each)[same] == variable[same]) {
      ++same;
    }
    if (same == variable.size()) {
      char* const value = *each + same;
      for (char** next = each; *next != nullptr; ++next) {
        *next = next[1];
      }
      return value;
    }
  }
  return nullptr;
}

}  // namespace

void channel::open(char** environment) {
  char* text = take_out(environment);
  if (text == nullptr) {
    return;
  }
  long inherited = 0;
  for (; *text >= '0' && *text <= '9'; *text++ = '\0') {
    inherited = inherited * 10 + (*text - '0');
  }
  // Each byte is gone once it is read: /proc shows them after unsetenv.
  for (std::size_t i = 0; *text != '\0'; *text++ = '\0') {
    if (*text == '+') {
      canary_ = true;
    } else if (*text != ':' && i + 1 < nonce_.size()) {
      nonce_[i++] = *text;
    }
  }
  constexpr long out_of_the_way = 200;
  descriptor_ = static_cast<int>(explore::raw_syscall(
      SYS_fcntl, inherited, F_DUPFD_CLOEXEC, out_of_the_way));
  owner_ = static_cast<pid_t>(explore::raw_syscall(SYS_getpid));
  if (descriptor_ >= 0) {
    explore::raw_syscall(SYS_close, inherited);
  }
}

bool channel::is_open() const {
  return descriptor_ >= 0 && explore::raw_syscall(SYS_getpid) == owner_;
}

void channel::send(const nlohmann::json& event) {
  if (!is_open()) {
    return;
  }
  // A test's message may hold any bytes; JSON holds only UTF-8.
  const std::string line =
      std::string(nonce_.data()) + ' ' +
      event.dump(-1, ' ', false,
                 nlohmann::json::error_handler_t::replace) +
      '\n';
  const std::scoped_lock lock(writing_);
  for (std::size_t sent = 0; sent < line.size();) {
    const long n = write_some(line.data() + sent, line.size() - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (n != -EINTR) {
      return;  // The grader is gone; nobody is left to be told.
    }
  }
}

// Not the C library's write(): a program may have one of its own.
long channel::write_some(const char* from, std::size_t size) const {
  return explore::raw_syscall(
      SYS_write, descriptor_,
      static_cast<long>(reinterpret_cast<std::intptr_t>(from)),
      static_cast<long>(size));
}

}  // namespace grading
