// Step 5.9: a snapshot before, a snapshot after, and the difference.

#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "child_process.hpp"
#include "grading/grading.hpp"
#include "leak_check.hpp"
#include "process_snapshot.hpp"

namespace workbook::step_9 {
namespace {

using namespace std::chrono_literals;
using pauses = std::vector<std::chrono::nanoseconds>;

// A thread that waits until the object's destruction.
class sleeper {
 public:
  explicit sleeper(const char* name = "sleeper")
      : thread_(spawn([this] {
          id_ = ::gettid();
          go_.get_future().wait();
        })) {
    pthread_setname_np(thread_.native_handle(), name);
    wait_until([this] { return waits_in(id_) == "futex"; });
  }
  ~sleeper() { go_.set_value(); }

 private:
  std::atomic<pid_t> id_ = 0;
  std::promise<void> go_;
  std::jthread thread_;
};

// The present in the kernel's ticks, one tick early.
unsigned long long ticks_now() {
  return static_cast<unsigned long long>(seconds_since(0) * 100) - 1;
}

// Options of a check that does not pause.
leak_options at_once() {
  return {.pause = [](auto) {}};
}

GRADED(leaks_check, an_identity_is_number_and_time, 5.9, 1) {
  contract("Parses the text of a task/*/stat file");
  contract(
      "The first field is the thread's number, the second its name in "
      "parentheses, the 22nd its start time. A name may contain blanks "
      "and parentheses. Returns nothing if the text is incomplete");
  const std::string before =
      " S 1 7 7 0 -1 64 1 0 0 0 3 4 0 0 20 0 2 0 ";

  const auto plain = identity_in("12 (plain)" + before + "815 9 9");
  const auto odd = identity_in("13 (a) R 1 (b)" + before + "816 9 9");

  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->id, 12);
  EXPECT_EQ(plain->began, 815U);
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->began, 816U)
      << "a name may contain blanks and parentheses";
  EXPECT_FALSE(identity_in("").has_value()) << "it has ended";
  EXPECT_FALSE(identity_in("14 (cut) S 1 7").has_value());
}

GRADED(leaks_check, a_number_that_is_used_again, 5.9, 1) {
  contract(
      "The kernel reuses a thread's number once the thread has ended, "
      "so the start time is part of the identity.");
  contract(
      "Returns what is in `after` and not in `before`. Another thread "
      "with the same number is new. Counts do not matter.");
  const process_snapshot before = {
      .threads = {{{1, 9}, "main"}, {{7, 20}, "a"}}};
  const process_snapshot after = {
      .threads = {{{1, 9}, "main"}, {{7, 95}, "b"}},
      .descriptors = {"3 -> /tmp/x"}};

  const process_snapshot added = added_between(before, after);

  ASSERT_EQ(added.threads.size(), 1U)
      << "one thread has ended and one has started";
  EXPECT_EQ(added.threads.begin()->second, "b");
  EXPECT_EQ(added.descriptors.size(), 1U);
  EXPECT_TRUE(added_between(after, before).descriptors.empty());
}

GRADED(leaks_check, timers_and_descriptors_are_identified, 5.9, 1) {
  contract(
      "Returns what is in `after` and not in `before`. … Counts do "
      "not matter.");
  const process_snapshot before = {.descriptors = {"3 -> a", "4 -> b"},
                                   .timers = {"0", "1"}};
  const process_snapshot after = {.descriptors = {"3 -> a", "4 -> c"},
                                  .timers = {"1", "2"}};

  const process_snapshot added = added_between(before, after);

  EXPECT_EQ(added.descriptors, std::set<std::string>{"4 -> c"});
  EXPECT_EQ(added.timers, std::set<std::string>{"2"})
      << "timer 0 was deleted and timer 2 was created";
}

GRADED(leaks_check, a_leak_is_reported_with_its_facts, 5.9, 1) {
  contract("Returns what exists now and did not exist before");
  contract("What was left behind. Only a thread has all the fields.");
  contract("The callers of the calling function, innermost first.");
  const sleeper old("old");
  const leak_check check(at_once());
  const auto start = ticks_now();
  const sleeper left("left behind");

  const std::vector<leak> found = check.look();

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, leak_kind::thread);
  EXPECT_EQ(found[0].name, "left behind");
  EXPECT_EQ(found[0].waits_in, "futex");
  EXPECT_NE(found[0].creator.find("step_9.cpp:"), std::string::npos)
      << found[0].creator << ": the caller of spawn is its creator";
  const std::vector<void*>& stack = found[0].stack;
  std::array<void*, 3> here = {};  // this test, and its callers
  ASSERT_EQ(::backtrace(here.data(), 3), 3);
  const auto inner = std::find(stack.begin(), stack.end(), here[1]);
  const auto outer = std::find(stack.begin(), stack.end(), here[2]);
  EXPECT_NE(outer, stack.end()) << "the callers of spawn, not others";
  EXPECT_LT(inner, outer) << "innermost first";
  EXPECT_LE(found[0].age, seconds_since(start)) << "in seconds";
}

// On one processor the new thread rarely runs before its creator.
GRADED(leaks_check, the_spawn_site_is_recorded_in_time, 5.9, 1) {
  contract(
      "Its spawn site is in the registry from the return of spawn "
      "until "
      "f has ended.");
  cpu_set_t one_only;
  CPU_ZERO(&one_only);
  CPU_SET(::sched_getcpu(), &one_only);
  ::sched_setaffinity(0, sizeof one_only, &one_only);
  std::vector<thread_identity> late;

  for (int i = 0; i < 50; ++i) {
    const auto before = threads_now();
    std::promise<void> go;
    std::jthread one = spawn([&] { go.get_future().wait(); });
    for (const auto& [id, name] : threads_now()) {
      if (!before.contains(id) &&
          !spawn_registry::instance().find(id)) {
        late.push_back(id);
      }
    }
    go.set_value();
  }

  EXPECT_TRUE(late.empty())
      << late.size() << " of 50 threads were not in the registry";
}

GRADED(leaks_check, the_registry_forgets_ended_threads, 5.9, 1) {
  contract(
      "The spawn sites of the running threads that spawn started.");
  contract("Its spawn site is in the registry … until f has ended.");
  std::optional<thread_identity> id;
  bool known = false;

  spawn([&] {
    id = identity_in(task_file(::gettid(), "stat"));
    known = id && spawn_registry::instance().find(*id).has_value();
  }).join();

  ASSERT_TRUE(id.has_value());
  EXPECT_TRUE(known);
  EXPECT_FALSE(spawn_registry::instance().find(*id).has_value())
      << "the thread has ended; the registry grows without limit";
}

GRADED(leaks_check, another_thread_may_look, 5.9, 1) {
  contract(
      "The threads of this process except the calling one, with their "
      "names.");
  contract("It includes the creating thread, and never changes.");
  contract(
      "The calling thread of look() is never a leak, and neither is "
      "the "
      "thread that created the check.");
  std::thread([] {}).join();  // a runtime's own thread comes with it
  const leak_check check(at_once());
  std::string leaks;

  std::thread([&] {
    for (const leak& each : check.look()) {
      leaks += to_string(each) + "\n";
    }
  }).join();

  EXPECT_EQ(leaks, "") << "the creator existed before the check";
}

GRADED(leaks_check, it_waits_for_a_thread_that_ends, 5.9, 2) {
  contract("How long a thread may take to end.");
  contract("What ends by itself within `wait_limit` is not a leak.");
  contract("The pauses add up to it.");
  std::thread([] {}).join();  // a runtime's own thread comes with it
  const std::size_t before = threads_now().size();
  std::promise<void> go;
  std::jthread ending;
  pauses made;

  const leak_check check(
      {.wait_limit = 1s, .pause = [&](auto time) {
         made.push_back(time);
         if (made.size() == 3) {
           go.set_value();
           wait_until([&] { return threads_now().size() <= before; });
         }
       }});
  ending = spawn([&] { go.get_future().wait(); });

  EXPECT_TRUE(check.look().empty()) << "the thread was about to end";
  EXPECT_EQ(made.size(), 3U) << "it looks again after every pause";
  if (made.size() < 3) {
    go.set_value();
  }
}

GRADED(leaks_check, it_backs_off, 5.9, 1) {
  contract("Called for every pause; by default it sleeps.");
  contract(
      "Looks at once. While it finds anything, it pauses and looks "
      "again: first for 1 ms, then for twice as long each time, until "
      "the pauses add up to `wait_limit`.");
  pauses made;
  const leak_check check({.wait_limit = 10ms, .pause = [&](auto time) {
                            made.push_back(time);
                          }});

  EXPECT_TRUE(check.look().empty());
  EXPECT_TRUE(made.empty()) << "nothing to wait for";
  const sleeper left;
  EXPECT_EQ(check.look().size(), 1U);

  EXPECT_EQ(made, (pauses{1ms, 2ms, 4ms, 3ms}))
      << "the pauses add up to wait_limit, no more";
  made.clear();
  leak_options no_time = {.wait_limit = 0ns, .pause = [&](auto time) {
                            made.push_back(time);
                          }};
  const leak_check hasty(no_time);
  const sleeper other;
  EXPECT_EQ(hasty.look().size(), 1U);
  EXPECT_TRUE(made.empty()) << "a limit of 0 leaves no time to pause";
}

GRADED(leaks_check, it_ignores_by_exact_name, 5.9, 1) {
  contract(
      "Threads with exactly these names are ignored. The kernel keeps "
      "15 bytes of a name, so only the first 15 bytes of a longer "
      "entry "
      "count.");
  leak_options options = at_once();
  options.ignored_names = {"cache", "a name of many bytes"};
  const leak_check check(options);

  const sleeper exact("cache");
  const sleeper cut("a name of many ");  // 15 bytes: all there is
  const sleeper longer("cache 2");
  const sleeper shorter("cach");

  const std::vector<leak> found = check.look();
  std::set<std::string> names;
  for (const leak& each : found) {
    names.insert(each.name);
  }
  EXPECT_EQ(names, (std::set<std::string>{"cache 2", "cach"}));
}

GRADED(leaks_check, it_ignores_by_creator, 5.9, 1) {
  contract(
      "Threads that were spawned in these files are ignored. An entry "
      "is a base name without folders (\"cache.cpp\"), and must match "
      "exactly. It never matches a thread that spawn did not start.");
  leak_options ours = at_once();
  ours.ignored_creators = {"step_9.cpp"};
  leak_options others = at_once();
  others.ignored_creators = {"9.cpp", "step_9", "other.cpp", "",
                             "05_leaks/step_9.cpp"};
  const leak_check forgiving(ours);
  const leak_check strict(others);

  std::promise<void> go;
  std::optional<sleeper> left(std::in_place);
  EXPECT_TRUE(forgiving.look().empty());
  EXPECT_EQ(strict.look().size(), 1U)
      << "a part of a name is a different name";
  left.reset();
  std::jthread bare([&] { go.get_future().wait(); });
  EXPECT_EQ(strict.look().size(), 1U) << "spawn did not start it";
  go.set_value();
}

GRADED(leaks_check, runtimes_are_warmed_up, 5.9, 1) {
  contract(
      "before_ is what existed when the check was created, after the "
      "warm-up.");
  contract(
      "For runtimes that start a thread at their first use and keep "
      "it.");
  contract("Called in order before the first snapshot.");
  contract("Calls warm_up, then takes the first snapshot.");
  std::optional<sleeper> own;
  std::string order;
  leak_options options = at_once();
  options.warm_up = {[&] { order += "a"; },
                     [&] {
                       order += "b";
                       own.emplace("runtime");
                     }};

  const leak_check check(options);

  EXPECT_TRUE(check.look().empty())
      << "the warm-up comes before the first snapshot";
  EXPECT_EQ(order, "ab") << "each is called once, in order";
}

GRADED(leaks_check, descriptors_and_timers, 5.9, 1) {
  contract("The open descriptors, as number and target.");
  contract(
      "The POSIX timers from timer_create that were not deleted, by "
      "their numbers. A timerfd is a descriptor.");
  contract(
      "leak_check finds what was started since its creation and still "
      "exists.");
  const leak_check check(at_once());
  sigevent nothing = {};
  nothing.sigev_notify = SIGEV_NONE;
  timer_t timer = {};

  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int clock = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  ASSERT_EQ(::timer_create(CLOCK_MONOTONIC, &nothing, &timer), 0);
  std::string all;
  for (const leak& each : check.look()) {
    all += to_string(each) + "\n";
  }
  ::timer_delete(timer);
  ::close(clock);
  ::close(file);

  EXPECT_NE(all.find("-> /dev/null"), std::string::npos) << all;
  EXPECT_NE(all.find("[timerfd]"), std::string::npos) << all;
  EXPECT_NE(all.find("timer "), std::string::npos) << all;
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3) << all;
  EXPECT_TRUE(check.look().empty()) << "all three have ended";
}

}  // namespace
}  // namespace workbook::step_9
