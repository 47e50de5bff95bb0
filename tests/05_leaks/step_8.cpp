// Step 5.8: a census before, a census after, and what is new.

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "census.hpp"
#include "child_process.hpp"
#include "grading/grading.hpp"
#include "leak_check.hpp"

namespace workbook::step_8 {
namespace {

using namespace std::chrono_literals;
using pauses = std::vector<std::chrono::nanoseconds>;

// A thread that waits until it goes out of scope; it has begun to.
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

// The present, as the kernel counts it; a tick early.
unsigned long long ticks_now() {
  return static_cast<unsigned long long>(seconds_since(0) * 100) - 1;
}

// A check that finds what it finds without any time passing.
leak_options at_once() {
  return {.pause = [](auto) {}};
}

GRADED(leaks_census, an_identity_is_number_and_time, 5.8, 1) {
  contract("and the 22nd the time at which it began");
  const std::string before =
      " S 1 7 7 0 -1 64 1 0 0 0 3 4 0 0 20 0 2 0 ";

  const auto plain = identity_in("12 (plain)" + before + "815 9 9");
  const auto odd = identity_in("13 (a) R 1 (b)" + before + "816 9 9");

  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->id, 12);
  EXPECT_EQ(plain->began, 815U);
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->began, 816U)
      << "a name may hold blanks and parentheses";
  EXPECT_FALSE(identity_in("").has_value()) << "the thread is gone";
}

GRADED(leaks_census, a_number_that_is_used_again, 5.8, 1) {
  contract("What has the same number and is another thread is new");
  const census before = {.threads = {{{1, 9}, "main"}, {{7, 20}, "a"}}};
  const census after = {.threads = {{{1, 9}, "main"}, {{7, 95}, "b"}},
                        .descriptors = {"3 -> /tmp/x"}};

  const census born = born_between(before, after);

  ASSERT_EQ(born.threads.size(), 1U)
      << "one has ended and one has begun: counts say nothing";
  EXPECT_EQ(born.threads.begin()->second, "b");
  EXPECT_EQ(born.descriptors.size(), 1U);
  EXPECT_TRUE(born_between(after, before).descriptors.empty());
}

GRADED(leaks_census, a_leak_is_told_with_its_facts, 5.8, 1) {
  contract("What is there and was not, less what is ignored");
  const sleeper old("old");
  const leak_check check(at_once());
  const auto begun = ticks_now();
  const sleeper left("left behind");

  const std::vector<leak> found = check.look();

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, leak_kind::thread);
  EXPECT_EQ(found[0].name, "left behind");
  EXPECT_EQ(found[0].waits_in, "futex");
  EXPECT_NE(found[0].creator.find("step_8.cpp:"), std::string::npos)
      << found[0].creator << ": the caller of spawn started it";
  EXPECT_FALSE(found[0].stack.empty());
  EXPECT_LE(found[0].age, seconds_since(begun)) << "in seconds";
}

// On one processor the new thread seldom comes before its creator.
GRADED(leaks_census, spawn_is_known_when_it_returns, 5.8, 1) {
  contract("known as long as f runs, from when spawn returns");
  cpu_set_t one_only;
  CPU_ZERO(&one_only);
  CPU_SET(::sched_getcpu(), &one_only);
  ::sched_setaffinity(0, sizeof one_only, &one_only);
  std::vector<thread_identity> late;

  for (int i = 0; i < 50; ++i) {
    const auto before = threads_now();
    std::promise<void> go;
    std::jthread one = spawn([&] { go.get_future().wait(); });
    for (const auto& [who, name] : threads_now()) {
      if (!before.contains(who) && !birth_register::here().find(who)) {
        late.push_back(who);
      }
    }
    go.set_value();
  }

  EXPECT_TRUE(late.empty())
      << late.size() << " of 50 were not in the register";
}

GRADED(leaks_census, the_register_forgets_the_dead, 5.8, 1) {
  contract("whose birthplace is known as long as f runs");
  std::optional<thread_identity> who;
  bool known = false;

  spawn([&] {
    who = identity_in(task_file(::gettid(), "stat"));
    known = who && birth_register::here().find(*who).has_value();
  }).join();

  ASSERT_TRUE(who.has_value());
  EXPECT_TRUE(known);
  EXPECT_FALSE(birth_register::here().find(*who).has_value())
      << "the thread has ended; the register grows for ever";
}

GRADED(leaks_census, another_thread_may_look, 5.8, 1) {
  contract("the one that looks … need not be the one that made it");
  std::thread([] {}).join();  // a runtime's own thread comes with it
  const leak_check check(at_once());
  std::string told;

  std::thread([&] {
    for (const leak& each : check.look()) {
      told += to_string(each) + "\n";
    }
  }).join();

  EXPECT_EQ(told, "") << "who made the check was there before it";
}

GRADED(leaks_census, it_waits_for_a_thread_that_ends, 5.8, 2) {
  contract("Nothing is a leak that ends by itself within `patience`.");
  std::thread([] {}).join();  // a runtime's own thread comes with it
  const std::size_t before = threads_now().size();
  std::promise<void> go;
  std::jthread ending;
  pauses made;

  const leak_check check(
      {.patience = 1s, .pause = [&](auto time) {
         made.push_back(time);
         if (made.size() == 3) {
           go.set_value();
           wait_until([&] { return threads_now().size() <= before; });
         }
       }});
  ending = spawn([&] { go.get_future().wait(); });

  EXPECT_TRUE(check.look().empty()) << "it was about to end";
  EXPECT_EQ(made.size(), 3U) << "it looks again after every pause";
  if (made.size() < 3) {
    go.set_value();
  }
}

GRADED(leaks_census, it_backs_off, 5.8, 1) {
  contract("first for a millisecond, then for twice as long each time");
  pauses made;
  const leak_check check({.patience = 10ms, .pause = [&](auto time) {
                            made.push_back(time);
                          }});

  EXPECT_TRUE(check.look().empty());
  EXPECT_TRUE(made.empty()) << "nothing to wait for";
  const sleeper left;
  EXPECT_EQ(check.look().size(), 1U);

  EXPECT_EQ(made, (pauses{1ms, 2ms, 4ms, 3ms}))
      << "the pauses add up to patience, no more";
}

GRADED(leaks_census, it_ignores_by_exact_name, 5.8, 1) {
  contract("Threads of exactly these names are nobody's leak.");
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

GRADED(leaks_census, it_ignores_by_creator, 5.8, 1) {
  contract("Nor are threads that were spawned in these files");
  leak_options ours = at_once();
  ours.ignored_creators = {"step_8.cpp"};
  leak_options others = at_once();
  others.ignored_creators = {"8.cpp", "step_8", "other.cpp", ""};
  const leak_check forgiving(ours);
  const leak_check strict(others);

  std::promise<void> go;
  std::optional<sleeper> left(std::in_place);
  EXPECT_TRUE(forgiving.look().empty());
  EXPECT_EQ(strict.look().size(), 1U) << "a part of a name is another";
  left.reset();
  std::jthread bare([&] { go.get_future().wait(); });
  EXPECT_EQ(strict.look().size(), 1U) << "it was spawned in no file";
  go.set_value();
}

GRADED(leaks_census, runtimes_are_warmed_up, 5.8, 1) {
  contract("Called before the first census");
  std::optional<sleeper> own;
  leak_options options = at_once();
  options.warm_up = {[&] { own.emplace("runtime"); }};

  const leak_check check(options);

  EXPECT_TRUE(check.look().empty())
      << "what the warm-up has started is from before";
}

GRADED(leaks_census, descriptors_and_timers, 5.8, 1) {
  contract("Finds what was started … and has not ended.");
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
}  // namespace workbook::step_8
