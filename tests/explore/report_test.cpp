// What the explorer says: the text of each kind of report, to the
// letter.

#include "explore/report.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "explore/search.hpp"
#include "grading/grading.hpp"

namespace {

using explore::ending;

/// The report on `body` as it fails first, without the source lines'
/// numbers, which change with every edit of this file.
std::string report_on(explore::scenario body) {
  explore::search looking(body, {});
  const explore::finding found = looking.run();
  looking.replay(looking.shorten(found.id), true);
  explore::story told =
      explore::build_story(looking.log(), "the schedule", false);
  for (auto& each : told.rows) {
    each.where.line = each.where.line > 0 ? 1 : 0;
  }
  for (auto& each : told.why) {
    if (const auto colon = each.find(".cpp:");
        colon != std::string::npos) {
      const auto end = each.find_first_not_of("0123456789", colon + 5);
      each.replace(colon + 5, end - colon - 5, "1");
    }
  }
  return explore::draw_text(told);
}

void lose_a_wakeup() {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  const std::jthread teller = explore::actor("teller", [&] {
    changed.notify_one();
    std::scoped_lock lock(mutex);
    ready = true;
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ready; });
}

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

void race() {
  int value = 0;
  const std::jthread writer =
      explore::actor("writer", [&] { value = 1; });
  const int seen = value;
  EXPECT_GE(seen, 0);
}

void expect_wrongly() {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  EXPECT_EQ(explore::locks_held(), 2) << "one lock is not two";
}

TEST(report, lost_wakeup) {
  EXPECT_EQ(
      report_on(lose_a_wakeup),
      R"report(  deadlock: no thread can go on, and no deadline will change that

 step  test                 teller                report_test.cpp
    0  starts               .                     1 });
    1  locks mutex          .                     1 std::unique_lock lock(mut~
    2  waits changed        .                     1 changed.wait(lock, [&] { ~
    3  .                    begins
    4  .                    notifies one changed  1 changed.notify_one();
    5  waits changed        .                     1 changed.wait(lock, [&] { ~
    6  .                    locks mutex           1 std::scoped_lock lock(mut~
    7  .                    unlocks mutex         1 });
    8  .                    ends

  test waits on the condition variable changed (report_test.cpp:1); the last
  notify on it, by teller at step 4, came before this wait began: a lost
  wakeup

  the schedule
)report");
}

TEST(report, locks_in_two_orders) {
  EXPECT_EQ(
      report_on(cross_locks),
      R"report(  deadlock: no thread can go on, and no deadline will change that

 step  test                 one                  two                   report~
    0  starts               .                    .                     1 });
    1  starts               .                    .                     1 });
  ...   4 steps
    6  joins (waits)        .                    .                     1 }
    7  .                    begins               .
    8  .                    locks first          .                     1 std:~
    9  .                    .                    begins
   10  .                    .                    locks second          1 std:~
   11  .                    .                    locks first (waits)   1 std:~
   12  .                    locks second (waits) .                     1 std:~

  test waits for a thread to end (report_test.cpp:1)
  one waits for the mutex second, which two holds (report_test.cpp:1)
  two waits for the mutex first, which one holds (report_test.cpp:1)

  the schedule
)report");
}

/// A thread waits for a mutex whose memory is something else by now.
void wait_for_what_is_gone() {
  struct pool {
    std::mutex mutex;
  };
  static pool* left;
  left = new pool;
  left->mutex.lock();
  std::thread([] { std::scoped_lock lock(left->mutex); }).detach();
  explore::settle();
  std::fill_n(reinterpret_cast<char*>(left), sizeof(pool), 'Z');
}

TEST(report, a_mutex_that_is_gone_has_no_holder) {
  explore::search looking(wait_for_what_is_gone, {});
  const explore::finding found = looking.run();
  ASSERT_TRUE(found.failed);
  looking.replay(found.id, true);
  EXPECT_EQ(looking.log().how, ending::leak);
  EXPECT_NE(explore::draw_text(explore::build_story(
                looking.log(), "the schedule", false)),
            "");
}

TEST(report, data_race) {
  EXPECT_EQ(
      report_on(race),
      R"report(  data race: writer writes what test reads, and nothing orders the two

 step  test           writer          report_test.cpp
    0  starts         .               1 explore::actor("writer", [&] { value ~
  ...   3 steps
    4  joins (waits)  .               1 }
    5  .              begins

  writer at report_test.cpp:1
    explore::actor("writer", [&] { value = 1; });
  test at report_test.cpp:1
    const int seen = value;

  the schedule
)report");
}

TEST(report, failed_expectation) {
  EXPECT_EQ(report_on(expect_wrongly),
            R"report(  Expected equality of these values:
    explore::locks_held()
      Which is: 1
    2
  one lock is not two

 step  test          report_test.cpp
    0  locks mutex   1 std::unique_lock lock(mutex);

  the schedule
)report");
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

TEST(report, stale_read) {
  const std::string text = report_on(publish_relaxed);
  for (const char* part : {"reads ready = 1", "(stale)",
                           "reads 0, stored before the schedule",
                           "a newer value, stored by", "writer at step",
                           "it needs release"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n"
                                                  << text;
  }
}

void wait_without_a_loop() {
  std::mutex mutex;
  std::condition_variable has_value_;
  bool value = false;
  const std::jthread setter = explore::actor("setter", [&] {
    std::scoped_lock lock(mutex);
    value = true;
    has_value_.notify_one();
  });
  std::unique_lock lock(mutex);
  if (!value) {
    has_value_.wait(lock);
  }
  EXPECT_TRUE(value);
}

TEST(report, spurious_wakeup_is_never_cut) {
  const std::string text = report_on(wait_without_a_loop);
  EXPECT_NE(text.find("(spurious)"), std::string::npos) << text;
}

void lock_twice() {
  std::mutex mutex;
  mutex.lock();
  for (int i = 0; i < 20; ++i) {
    explore::gate().open();
  }
  mutex.lock();
}

TEST(report, self_deadlock_shows_both_locks) {
  const std::string text = report_on(lock_twice);
  const auto first = text.find("mutex.lock();");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_NE(text.find("mutex.lock();", first + 1), std::string::npos)
      << text;
}

TEST(report, is_the_same_every_time) {
  const std::string first = report_on(lose_a_wakeup);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(report_on(lose_a_wakeup), first);
  }
}

TEST(report, fits_in_eighty_columns) {
  for (const auto body : {lose_a_wakeup, cross_locks, race}) {
    const std::string text = report_on(body);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      EXPECT_LE(end - at, 80u) << text.substr(at, end - at);
      at = end + 1;
    }
  }
}

}  // namespace
