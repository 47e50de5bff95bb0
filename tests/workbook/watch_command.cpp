// workbook watch: grades the step at hand whenever a file is saved.

#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "workbook/commands.hpp"
#include "workbook/failure_report.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/report.hpp"
#include "workbook/session.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

namespace fs = std::filesystem;

constexpr int look_every_ms = 300;

/// Keys arrive one by one and unseen for as long as this lives.
class quiet_keyboard {
 public:
  quiet_keyboard() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) {
      return;
    }
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
  }
  quiet_keyboard(const quiet_keyboard&) = delete;
  quiet_keyboard& operator=(const quiet_keyboard&) = delete;
  ~quiet_keyboard() {
    if (changed_) {
      ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }
  }

  /// Waits a moment; true if the reader typed q. Where there is no
  /// keyboard it only waits.
  [[nodiscard]] bool wants_to_quit() const {
    if (!changed_) {
      ::poll(nullptr, 0, look_every_ms);
      return false;
    }
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    char key = 0;
    return ::poll(&keys, 1, look_every_ms) > 0 &&
           (::read(STDIN_FILENO, &key, 1) != 1 || key == 'q');
  }

 private:
  termios before_{};
  bool changed_ = false;
};

/// What the lab's files say; changes whenever one is saved with other
/// contents.
std::uint64_t state_of(const workspace& where, const chapter& of) {
  std::string all;
  for (const std::string& name : of.all_files()) {
    const fs::path file = where.root / "labs" / of.lab / name;
    if (fs::exists(file)) {
      all += name + "\n" + read_text(file);
    }
  }
  return fingerprint(all);
}

/// Clears the screen where there is one.
void clear(const screen& look) {
  if (look.moving) {
    fmt::print("\033[H\033[2J");
  }
}

constexpr std::size_t rows_of_the_prompt = 2;

/// Runs the step at hand and shows its failure, then what else the last
/// change may have broken. False once the reader interrupted.
bool grade_again(const workspace& where, const chapter& of,
                 const screen& look, const std::string& base) {
  grade_request request;
  request.cores = std::max(1U, std::thread::hardware_concurrency());
  request.base = base;
  request.fresh = false;
  report_form form;
  form.rows = look.rows > rows_of_the_prompt
                  ? look.rows - rows_of_the_prompt
                  : 0;
  try {
    const auto show = [&](const record& known) {
      clear(look);
      fmt::print("{}", report_text(where, of, known, look, form));
      std::fflush(stdout);
    };
    const auto result = grade_on_screen(
        where, of, request, look, [&](const record& so_far) {
          const graded* first = main_failure(of, so_far);
          if (first != nullptr && first->result.just_now) {
            show(so_far);
          }
        });
    if (!result) {
      return false;
    }
    show(*result);
  } catch (const problem& trouble) {
    // A file is half saved, or gone: it will be saved again.
    fmt::print("  {}\n", trouble.what());
  }
  fmt::print("  {}\n", look.dim("waiting for a file to be saved; "
                                "q ends"));
  std::fflush(stdout);
  return true;
}

int run_watch(const workspace& where, const std::string& lab,
              const std::string& base) {
  const chapter of = chapter_of(where, lab);
  const quiet_keyboard keyboard;
  std::uint64_t seen = state_of(where, of);
  bool goes_on =
      grade_again(where, of, screen::of_standard_output(), base);
  while (goes_on && !interrupted()) {
    if (keyboard.wants_to_quit()) {
      return 0;
    }
    const std::uint64_t now = state_of(where, of);
    if (now != seen) {
      seen = now;
      goes_on =
          grade_again(where, of, screen::of_standard_output(), base);
    }
  }
  return 0;
}

}  // namespace

void add_watch_command(command_line& to) {
  auto lab = std::make_shared<std::string>();
  auto base = std::make_shared<std::string>("labs");
  CLI::App* command = to.add(
      "watch", "grade the step at hand at every save",
      [&to, lab, base] { return run_watch(to.where, *lab, *base); });
  command->add_option("--lab", *lab, "1, 01 or 01_pooling")->required();
  command->add_option("--base", *base, "whose earlier labs it rests on")
      ->check(CLI::IsMember({"labs", "solutions"}));
}

}  // namespace workbook
