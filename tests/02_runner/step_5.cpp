// Step 2.5: signals. Each test is a process of its own: there is one
// action per signal in a process, and some of these end it.

#include <dirent.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <semaphore>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include "02_runner/child.hpp"
#include "02_runner/programme.hpp"
#include "grading/grading.hpp"
#include "interrupt_guard.hpp"

namespace workbook::step_5 {
namespace {

using namespace std::chrono_literals;

// Sends `signal` to the calling thread, and blocks until a stop is
// requested on `token` or `other`. The thread that requested it.
std::thread::id raise_and_wait(int signal, std::stop_token token,
                               std::stop_token other = {}) {
  std::counting_semaphore<> stopped(0);
  std::thread::id by;
  const auto note = [&] {
    by = std::this_thread::get_id();
    stopped.release();
  };
  const std::stop_callback callback(token, note);
  const std::stop_callback other_callback(other, note);
  ::raise(signal);
  stopped.acquire();
  return by;
}

void foreign_handler(int) {}

// The action of `signal`, as text, so that two can be compared.
std::string action_of(int signal) {
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  ::sigaction(signal, nullptr, &action);
  std::string text = std::to_string(action.sa_flags);
  text += action.sa_handler == foreign_handler ? " foreign" : "";
  text += action.sa_handler == SIG_DFL ? " default" : "";
  return text + (sigismember(&action.sa_mask, SIGHUP) ? " mask" : "");
}

// Gives `signal` an action that somebody else in the process may need.
std::string install_a_foreign_action(int signal = SIGINT) {
  struct sigaction action = {};
  action.sa_handler = foreign_handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGHUP);
  ::sigaction(signal, &action, nullptr);
  return action_of(signal);
}

int count(const char* folder) {
  int entries = 0;
  DIR* const open = ::opendir(folder);
  while (::readdir(open) != nullptr) {
    ++entries;
  }
  ::closedir(open);
  return entries;
}

GRADED(runner_signals, ctrl_c_requests_a_stop, 2.5, 1) {
  contract("its signals request a stop on its source");
  contract("The token on which the guard's signals request a stop.");
  contract("Which signal came, SIGINT or SIGTERM");
  contract("the other members may be called from any thread.");
  const int code = in_a_child([] {
    interrupt_guard guard;
    if (guard.token().stop_requested() || guard.received() != 0) {
      return 1;
    }
    std::promise<int> received;  // as the stop's own thread saw it
    const std::stop_callback asked(
        guard.token(), [&] { received.set_value(guard.received()); });
    raise_and_wait(SIGINT, guard.token());
    const int seen = received.get_future().get();
    return seen == SIGINT && guard.received() == SIGINT ? 0 : 2;
  });

  EXPECT_EQ(code, 0) << "-2: SIGINT ended the process; 1: stopped "
                        "before any signal; 2: received() does not "
                        "tell at the stop which signal came";
}

GRADED(runner_signals, never_by_the_handler, 2.5, 1) {
  contract("never by the signal handler");
  const int code = in_a_child([] {
    interrupt_guard guard;
    const std::thread::id by = raise_and_wait(SIGINT, guard.token());
    return by == std::this_thread::get_id() ? 1 : 0;
  });

  EXPECT_EQ(code, 0)
      << "request_stop ran on the thread that the signal interrupted: "
         "inside the handler, which may have interrupted malloc";
}

GRADED(runner_signals, the_second_one_is_fatal, 2.5, 1) {
  contract("the second Ctrl-C gets the default action");
  const int code = in_a_child([] {
    interrupt_guard guard;
    raise_and_wait(SIGINT, guard.token());
    ::raise(SIGINT);
    return 1;
  });

  EXPECT_EQ(code, -SIGINT)
      << "a program that does not heed the first Ctrl-C cannot be "
         "ended by a second one";
}

GRADED(runner_signals, each_signal_does_so_once, 2.5, 1) {
  contract("Each signal does so once");
  const auto after_ctrl_c = [](int terminations) {
    return in_a_child([=] {
      interrupt_guard guard(guarded::interrupt_and_terminate);
      raise_and_wait(SIGINT, guard.token());
      for (int i = 0; i < terminations; ++i) {
        ::raise(SIGTERM);
      }
      return 1;
    });
  };

  EXPECT_EQ(after_ctrl_c(1), 1)
      << "-15: SIGTERM had its default action, and had not come before";
  EXPECT_EQ(after_ctrl_c(2), -SIGTERM)
      << "the second SIGTERM was captured as well";
}

GRADED(runner_signals, sigterm_only_if_asked, 2.5, 1) {
  contract("Which signals a guard takes.");
  const int asked = in_a_child([] {
    interrupt_guard guard(guarded::interrupt_and_terminate);
    raise_and_wait(SIGTERM, guard.token());
    return guard.received() == SIGTERM ? 0 : 1;
  });
  const int not_asked = in_a_child([] {
    interrupt_guard guard;
    ::raise(SIGTERM);
    return 1;
  });

  EXPECT_EQ(asked, 0);
  EXPECT_EQ(not_asked, -SIGTERM) << "SIGTERM was taken unasked";
}

GRADED(runner_signals, the_action_is_given_back, 2.5, 2) {
  contract("Restores the action that each signal had before the guard");
  contract(
      "Without a guard, the actions of the signals are those from "
      "before the first guard.");
  const int code = in_a_child([] {
    const std::string before = install_a_foreign_action();
    const std::string other = install_a_foreign_action(SIGTERM);
    { interrupt_guard quiet; }
    if (action_of(SIGINT) != before) {
      return 1;
    }
    {
      interrupt_guard used(guarded::interrupt_and_terminate);
      raise_and_wait(SIGINT, used.token());
    }
    if (action_of(SIGINT) != before) {
      return 2;
    }
    return action_of(SIGTERM) == other ? 0 : 3;
  });

  EXPECT_EQ(code, 0) << "1: Ctrl-C stays captured without a signal; "
                        "2: after one; 3: SIGTERM has another action";
}

GRADED(runner_signals, a_failed_guard_changes_nothing, 2.5, 1) {
  contract("Throws std::system_error …, and has then changed nothing.");
  const auto attempt = [](int resource, rlim_t limit) {
    return in_a_child([=] {
      const std::string before = install_a_foreign_action();
      const std::string other = install_a_foreign_action(SIGTERM);
      const rlimit few = {limit, limit};
      const int open = count("/proc/self/fd");
      ::setrlimit(static_cast<__rlimit_resource>(resource), &few);
      int code = resource == RLIMIT_AS ? 1 : 0;
      try {  // may do without a descriptor
        interrupt_guard guard(guarded::interrupt_and_terminate);
      } catch (const std::system_error&) {
        code = resource == RLIMIT_AS && count("/proc/self/fd") != open
                   ? 2
                   : 0;
      }
      return action_of(SIGINT) == before && action_of(SIGTERM) == other
                 ? code
                 : 3;
    });
  };

#if !defined(__SANITIZE_ADDRESS__)  // such a build needs some itself
  EXPECT_EQ(attempt(RLIMIT_NOFILE, 3), 0) << "no descriptor was left";
#endif
  EXPECT_EQ(attempt(RLIMIT_AS, 1), 0)
      << "no thread could start. 1: that is not told; 2: the pipe is "
         "still open; 3: the signal is captured, and nobody listens";
}

GRADED(runner_signals, no_signal_is_lost_at_the_end, 2.5, 1) {
  contract("A signal that came before still requests its stop");
  contract("Takes the signals; `source` may be shared with others.");
  const int lost = in_a_child([] {
    int missing = 0;
    for (int i = 0; i < 50; ++i) {
      std::stop_source source;
      {
        interrupt_guard guard(guarded::interrupt, source);
        ::raise(SIGINT);
      }
      missing += source.stop_requested() ? 0 : 1;
    }
    return missing;
  });

  EXPECT_EQ(lost, 0) << "so many of 50 signals came while their guard "
                        "lived, and requested no stop on its source";
}

GRADED(runner_signals, whichever_thread_is_interrupted, 2.5, 1) {
  contract("its signals request a stop on its source");
  const int code = in_a_child([] {
    ::sem_t over;
    ::sem_init(&over, 0, 0);
    // Older than the guard, and blocked in sem_wait: ThreadSanitizer
    // delivers a signal there, and not in a futex call or in read.
    std::thread older([&] {
      while (::sem_wait(&over) == -1 && errno == EINTR) {
      }
    });
    std::counting_semaphore<> stopped(0);
    int received = 0;
    {
      interrupt_guard guard;
      const std::stop_callback note(guard.token(),
                                    [&] { stopped.release(); });
      ::pthread_kill(older.native_handle(), SIGINT);
      stopped.acquire();
      received = guard.received();
    }
    ::sem_post(&over);
    older.join();
    return received == SIGINT ? 0 : 1;
  });

  EXPECT_EQ(code, 0)
      << "-2: a signal that the system delivered to another thread "
         "than the one that made the guard ended the process";
}

std::atomic<int> foreign_calls = 0;
void count_a_call(int) {
  ++foreign_calls;
}

GRADED(runner_signals, a_late_handler_passes_it_on, 2.5, 1) {
  contract("is not lost: it gets the restored action");
  const int code = in_a_child([] {
    struct sigaction before = {};
    before.sa_handler = count_a_call;
    ::sigaction(SIGINT, &before, nullptr);
    struct sigaction guarding = {};
    {
      interrupt_guard guard;
      ::sigaction(SIGINT, nullptr, &guarding);
    }
    // As if the system had entered the handler before the guard ended
    // and had run its first line only now.
    guarding.sa_handler(SIGINT);
    return foreign_calls == 1 ? 0 : 1;
  });

  EXPECT_EQ(code, 0)
      << "a signal came while the guard lived; its handler ran when "
         "the guard had gone, and it was lost";
}

GRADED(runner_signals, the_innermost_receives, 2.5, 1) {
  contract("Of nested guards the innermost receives.");
  contract(
      "target_of(signal) is the pipe of the innermost guard that "
      "takes the signal");
  const auto who_gets = [](int signal) {
    return in_a_child([=] {
      interrupt_guard outer(guarded::interrupt_and_terminate);
      interrupt_guard inner;
      raise_and_wait(signal, inner.token(), outer.token());
      return inner.token().stop_requested() ? 1 : 2;
    });
  };

  EXPECT_EQ(who_gets(SIGINT), 1) << "2: the outer guard got it";
  EXPECT_EQ(who_gets(SIGTERM), 2)
      << "1: the inner guard got SIGTERM, for which it did not ask";
}

// Nests guards; each but the quiet one gets a signal in its turn.
// Whether the outermost, the last, got its own.
bool nest_guards() {
  std::stop_token last;
  {
    interrupt_guard outer;
    last = outer.token();
    {
      interrupt_guard inner;
      { interrupt_guard quiet; }
      {
        interrupt_guard innermost;
        raise_and_wait(SIGINT, innermost.token());
      }
      raise_and_wait(SIGINT, inner.token());
    }
    ::raise(SIGINT);
  }
  return last.stop_requested();
}

GRADED(runner_signals, a_guard_leaves_nothing, 2.5, 1) {
  contract("Restores the action that each signal had before the guard");
  const int code = in_a_child([] {
    { interrupt_guard first; }
    const int open = count("/proc/self/fd");
    if (!nest_guards()) {
      return 3;
    }
    if (count("/proc/self/task") != 3) {  // ".", ".." and main
      return 1;
    }
    return count("/proc/self/fd") == open ? 0 : 2;
  });

  EXPECT_EQ(code, 0) << "1: a watcher still lives; 2: a pipe is open; "
                        "-2 or 3: an outer guard did not get its turn";
}

// Whether thread `id` of this process sleeps, or is gone.
bool is_asleep(int id) {
  const std::string file =
      "/proc/self/task/" + std::to_string(id) + "/stat";
  std::ifstream stat(file);
  std::string text;
  std::getline(stat, text);
  const auto name = text.rfind(')');
  return name == std::string::npos || text[name + 2] == 'S';
}

// Sends `signal` to every other thread, as soon as that sleeps.
void interrupt_the_others(int signal) {
  DIR* const open = ::opendir("/proc/self/task");
  while (const dirent* const each = ::readdir(open)) {
    const int id = std::atoi(each->d_name);
    if (id == 0 || id == ::gettid()) {
      continue;
    }
    while (!is_asleep(id)) {
      std::this_thread::yield();
    }
    ::tgkill(::getpid(), id, signal);
  }
  ::closedir(open);
}

GRADED(runner_signals, another_signal_changes_nothing, 2.5, 1) {
  contract(
      "While an interrupt_guard lives, its signals request a stop on "
      "its source instead of ending the process.");
  const int code = in_a_child([] {
    struct sigaction action = {};
    action.sa_handler = foreign_handler;  // without SA_RESTART
    ::sigaction(SIGUSR1, &action, nullptr);
    std::stop_source source;
    {
      interrupt_guard guard(guarded::interrupt, source);
      for (int i = 0; i < 20; ++i) {
        interrupt_the_others(SIGUSR1);
      }
      ::raise(SIGINT);
    }
    return source.stop_requested() ? 0 : 1;
  });

  EXPECT_EQ(code, 0) << "another signal interrupted a call of the "
                        "guard's thread, and Ctrl-C was lost after it";
}

GRADED(runner_signals, restored_before_it_waits, 2.5, 1) {
  contract(
      "Restores the action that each signal had before the guard. A "
      "signal that came before still requests its stop; blocks until "
      "that is done.");
  const int code = in_a_child([] {
    const std::string before = install_a_foreign_action(SIGTERM);
    const int destroys = ::gettid();
    std::atomic<bool> ends = false;
    std::atomic<bool> restored = false;
    std::atomic<bool> done = false;
    std::stop_source source;
    const std::stop_callback slow(source.get_token(), [&] {
      while (!ends || !is_asleep(destroys)) {
        std::this_thread::yield();
      }
      restored = action_of(SIGTERM) == before;
      done = true;
    });
    {
      interrupt_guard guard(guarded::interrupt_and_terminate, source);
      ::raise(SIGINT);
      ends = true;
    }
    if (!done) {
      return 2;
    }
    return restored ? 0 : 1;
  });

  EXPECT_EQ(code, 0)
      << "2: the guard has gone, and the stop that its signal "
         "requested is not done. 1: the destructor waits for it, and "
         "still takes signals; who reads them afterwards?";
}

// Reads from `from` until the text ends with `wanted`, or the end.
std::string read_until(int from, const std::string& wanted) {
  std::string text;
  char letter = 0;
  while (!text.ends_with(wanted) && ::read(from, &letter, 1) == 1) {
    text += letter;
  }
  return text;
}

// The document's programme under a guard, with what it says on `to`.
int guarded_programme(int to) {
  interrupt_guard guard;
  const auto say = [to](const std::string& line) {
    const std::string text = line + "\n";
    EXPECT_GT(::write(to, text.data(), text.size()), 0);
  };
  return document_programme(24h, guard.token(), say, 1h);
}

GRADED(runner_signals, the_programme_exits_with_2, 2.5, 1) {
  contract("its signals request a stop on its source");
  const std::stop_source nobody;
  const auto nothing = [](const std::string&) {};
  ASSERT_EQ(document_programme(1h, nobody.get_token(), nothing, 0s), 0)
      << "the runner does not even complete its jobs by itself";
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child =
      start_child([&] { return guarded_programme(pipe[1]); });
  ::close(pipe[1]);

  const std::string begun = read_until(pipe[0], "job 1 starts\n");
  ::kill(child, SIGINT);  // what the terminal does at Ctrl-C
  const std::string ended = read_until(pipe[0], "the end of it");

  EXPECT_EQ(ending_of(child), 2) << begun << ended;
  EXPECT_NE(ended.find("job 1 breaks off"), std::string::npos) << ended;
  EXPECT_NE(ended.find("interrupted"), std::string::npos) << ended;
  ::close(pipe[0]);
}

}  // namespace
}  // namespace workbook::step_5
