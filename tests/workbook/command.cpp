// Runs another program (cmake, git, patch, gdb) to its end.

#include "workbook/command.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "workbook/interrupt.hpp"

namespace workbook {

namespace {

/// Cuts what arrives into lines and keeps it.
class line_reader {
 public:
  line_reader(std::string& all, const line_sink& on_line)
      : all_(all), on_line_(on_line) {}

  /// False once there will be no more.
  bool read_from(int source) {
    std::array<char, 16 * 1024> buffer;
    const ssize_t got = ::read(source, buffer.data(), buffer.size());
    if (got <= 0) {
      return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    all_.append(buffer.data(), static_cast<std::size_t>(got));
    hand_over();
    return true;
  }

 private:
  void hand_over() {
    for (std::size_t end = all_.find('\n', next_);
         end != std::string::npos; end = all_.find('\n', next_)) {
      if (on_line_) {
        on_line_(std::string_view(all_).substr(next_, end - next_));
      }
      next_ = end + 1;
    }
  }

  std::string& all_;
  const line_sink& on_line_;
  std::size_t next_ = 0;  // where the first line not handed over begins
};

}  // namespace

command_result run_command(const child_request& wanted,
                           const line_sink& on_line) {
  child process(wanted);
  command_result result;
  line_reader reader(result.output, on_line);
  bool open = true;
  while (open && !interrupted()) {
    pollfd source{process.output(), POLLIN, 0};
    if (::poll(&source, 1, 100) > 0) {
      open = reader.read_from(process.output());
    } else if (process.reap()) {
      break;  // a survivor may hold the pipe open forever
    }
  }
  while (!interrupted() && !process.reap()) {
    ::usleep(1000);
  }
  if (interrupted()) {
    result.status = interrupted_status;
    return result;
  }
  const int status = process.wait_status();
  result.status =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

command_result run_command(std::vector<std::string> command,
                           std::filesystem::path folder) {
  child_request request;
  request.command = std::move(command);
  request.folder = std::move(folder);
  return run_command(request);
}

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace workbook
