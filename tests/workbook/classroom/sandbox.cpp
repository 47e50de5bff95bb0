// What a program of a submission is run in.

#include "workbook/classroom/sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "workbook/command.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

constexpr auto bubblewrap = "/usr/bin/bwrap";
constexpr unsigned first_user = 61000;
constexpr unsigned users = 1000;

/// What every program needs of the system.
void add_system(std::vector<std::string>& words) {
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  add({"--ro-bind", "/usr", "/usr"});
  for (const std::string name : {"bin", "sbin", "lib", "lib64"}) {
    const fs::path path = "/" + name;
    if (fs::is_symlink(path)) {
      add({"--symlink", fs::read_symlink(path).string(),
           path.string()});
    } else if (fs::is_directory(path)) {
      add({"--ro-bind", path.string(), path.string()});
    }
  }
  add({"--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"});
  add({"--ro-bind-try", "/etc/alternatives", "/etc/alternatives"});
  add({"--proc", "/proc", "--dev", "/dev"});
  add({"--size", std::to_string(64UL << 20U), "--tmpfs", "/tmp"});
}

/// Without namespaces, programs run as another user where they are.
/// Throws problem if that user has no way to `program`.
void check_that_others_reach(const fs::path& program) {
  for (fs::path folder = program.parent_path();
       folder.has_relative_path(); folder = folder.parent_path()) {
    std::error_code missing;
    const auto may = fs::status(folder, missing).permissions();
    if ((may & fs::perms::others_exec) == fs::perms::none) {
      throw problem(
          "{} is closed to other users, and grading runs programs as "
          "another one: move the workbook to /srv, or chmod o+x {}",
          folder.string(), folder.string());
    }
  }
}

}  // namespace

sandbox::sandbox(fs::path confine, isolation wanted)
    : confine_(std::move(confine)), is_root_(::geteuid() == 0) {
  if (!fs::exists(confine_)) {
    throw problem(
        "{}: is not there; it is built where libseccomp-dev and "
        "libarchive-dev are installed",
        confine_.string());
  }
  choose_user();
  if (wanted == isolation::reduced) {
    lacks_ = "reduced isolation was asked for";
  } else {
    lacks_ = why_no_namespaces();
  }
  full_ = lacks_.empty();
  if (!full_ && wanted == isolation::full) {
    throw problem("full isolation is not available: {}", lacks_);
  }
  if (!full_ && is_root_) {
    check_that_others_reach(confine_);
  }
  if (!full_ && !is_root_) {
    lacks_ += "; and programs run as the grader's own user";
  }
}

sandbox::~sandbox() {
  if (lease_ >= 0) {
    ::close(lease_);
  }
}

/// A user of its own for each grading that runs at the same time, so
/// that limits and clean-up of one do not touch another.
void sandbox::choose_user() {
  user_ = ::geteuid();
  if (!is_root_) {
    return;
  }
  const fs::path folder = "/run/lock/workbook";
  std::error_code failed;
  fs::create_directories(folder, failed);
  for (unsigned i = 0; i < users; ++i) {
    const fs::path file = folder / std::to_string(first_user + i);
    lease_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lease_ >= 0 && ::flock(lease_, LOCK_EX | LOCK_NB) == 0) {
      user_ = first_user + i;
      return;
    }
    if (lease_ >= 0) {
      ::close(lease_);
    }
  }
  lease_ = -1;
  throw problem("{}: no user is free for another grading",
                folder.string());
}

std::string sandbox::why_no_namespaces() const {
  if (!fs::exists(bubblewrap)) {
    return "bubblewrap is not installed";
  }
  confined_run run;
  run.folder = "/";
  auto command = launcher(run);
  command.emplace_back("/usr/bin/true");
  const command_result tried = run_command(command, "/");
  if (tried.status == 0) {
    return {};
  }
  const auto lines = lines_of(tried.output);
  return lines.empty() ? fmt::format("bubblewrap ended with status {}",
                                     tried.status)
                       : lines.back();
}

std::vector<std::string> sandbox::launcher(
    const confined_run& run) const {
  std::vector<std::string> words = {confine_.string(), "start"};
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  if (is_root_) {
    add({"--uid", std::to_string(user_)});
  }
  if (run.canary) {
    add({"--canary"});
  }
  add({"--"});
  if (full_) {
    add({bubblewrap, "--unshare-all", "--unshare-user",
         "--disable-userns", "--die-with-parent"});
    add_system(words);
    add({"--ro-bind", confine_.string(), confine_.string()});
    for (const fs::path& each : run.readable) {
      add({"--ro-bind-try", each.string(), each.string()});
    }
    for (const fs::path& each : run.hidden) {
      if (fs::is_directory(each)) {
        add({"--tmpfs", each.string()});
      }
    }
    for (const fs::path& each : run.writable) {
      add({"--bind", each.string(), each.string()});
    }
    // What is left of both is memory that nobody would count.
    add({"--remount-ro", "/dev", "--remount-ro", "/"});
    add({"--chdir", run.folder.string(), "--"});
  }
  add({confine_.string(), "enter", "--cpu",
       std::to_string(run.cpu_seconds), "--data",
       std::to_string(run.data_mebibytes), "--file",
       std::to_string(run.file_mebibytes), "--processes",
       std::to_string(run.processes), "--"});
  return words;
}

}  // namespace workbook
