// Schedules that are written by hand: what they lead to, and what is
// said about lines that cannot be followed.

#include "explore/script.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <variant>

#include "explore/search.hpp"
#include "grading/grading.hpp"

namespace {

using explore::ending;

void cross_locks() {
  std::mutex first;
  std::mutex second;
  const std::jthread one = explore::actor("one", [&] {
    std::scoped_lock a(first);
    std::scoped_lock b(second);
  });
  const std::jthread two = explore::actor("two", [&] {
    std::scoped_lock b(second);
    std::scoped_lock a(first);
  });
}

void publish_relaxed() {
  std::atomic<int> data = 0;
  std::atomic<int> ready = 0;
  const std::jthread writer = explore::actor("writer", [&] {
    data.store(1, std::memory_order_relaxed);
    ready.store(1, std::memory_order_relaxed);
  });
  if (ready.load(std::memory_order_acquire) == 1) {
    EXPECT_EQ(data.load(std::memory_order_relaxed), 1);
  }
}

/// A file of its own, gone at the end.
class schedule_file {
 public:
  explicit schedule_file(const std::string& text) {
    std::ofstream(path_) << text;
  }
  ~schedule_file() { std::remove(path_.c_str()); }
  schedule_file(const schedule_file&) = delete;
  schedule_file& operator=(const schedule_file&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_ =
      "/tmp/explore_" + std::to_string(getpid()) + ".schedule";
};

std::string complaint_about(const std::string& text) {
  const schedule_file file(text);
  const auto read = explore::read_script(file.path());
  const auto* error = std::get_if<std::string>(&read);
  return error == nullptr ? "" : error->substr(error->find(':') + 1);
}

TEST(script, says_what_a_line_should_be) {
  constexpr auto forms =
      ": expected `run <thread> until <point>`, `run <thread> past "
      "<point>` or `run <thread> for <n> steps`, and perhaps `stale`";
  EXPECT_EQ(complaint_about("run A until lock\nwalk A\n"),
            std::string("2") + forms);
  EXPECT_EQ(complaint_about("run until lock"),
            std::string("1") + forms);
  EXPECT_EQ(complaint_about("run A for x steps"),
            std::string("1") + forms);
  EXPECT_EQ(complaint_about("run A past load old"),
            std::string("1") + forms);
  EXPECT_EQ(complaint_about("run A past load stale"), "");
  EXPECT_EQ(complaint_about("run A until lunch"),
            "1: no point is called 'lunch': there are change, join, "
            "load, lock, notify, sleep, start, store, unlock, wait, "
            "blocked, done");
}

/// What the schedule `text` does to `body`.
explore::ending outcome_of(const std::string& text,
                           std::string* said = nullptr,
                           explore::scenario body = cross_locks) {
  const schedule_file file(text);
  explore::search looking(body, {});
  looking.follow(
      std::get<explore::script>(explore::read_script(file.path())));
  if (said != nullptr) {
    *said = looking.log().text.data();
  }
  return looking.log().how;
}

TEST(script, leads_threads_into_each_other) {
  EXPECT_EQ(outcome_of("run test until join\n"
                       "run one past lock   # holds the first\n"
                       "run two past lock\n"),
            ending::deadlock);
  EXPECT_EQ(outcome_of("run test until join\nrun one until done\n"),
            ending::passed);
}

TEST(script, says_what_would_have_been_possible) {
  std::string said;
  EXPECT_EQ(
      outcome_of("run test until join\nrun three until done\n", &said),
      ending::impossible);
  EXPECT_NE(said.find(":2: no thread is called 'three' here: there are "
                      "test, one, two"),
            std::string::npos)
      << said;
  outcome_of(
      "run test until join\nrun one past lock\n"
      "run two past lock\nrun two until done\n",
      &said);
  EXPECT_NE(said.find(":4: two cannot run: it has to wait; test, one "
                      "could"),
            std::string::npos)
      << said;
}

TEST(script, asks_for_a_stale_read) {
  const std::string published =
      "run test past start\nrun writer until done\n";
  EXPECT_EQ(outcome_of(published + "run test until done\n", nullptr,
                       publish_relaxed),
            ending::passed);
  EXPECT_EQ(outcome_of(published + "run test past load\n"
                                   "run test past load stale\n",
                       nullptr, publish_relaxed),
            ending::expectation);
}

TEST(script, says_that_no_older_value_is_allowed) {
  std::string said;
  EXPECT_EQ(outcome_of("run test past start\n"
                       "run test past load stale\n",
                       &said, publish_relaxed),
            ending::impossible);
  EXPECT_NE(said.find(":2: test has no load here that may return an "
                      "older value than the newest"),
            std::string::npos)
      << said;
}

}  // namespace
