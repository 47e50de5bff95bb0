// Step 5.4: a log whose lines are written by a thread of its own.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "grading/grading.hpp"
#include "leak_4.hpp"

namespace workbook::step_4 {
namespace {

using namespace std::chrono_literals;

EXPLORED(leaks_log, it_waits_for_its_writer, 5.4, 3, .schedules = 150,
         .timeouts_race = false, .virtual_time = true) {
  contract(
      "Blocks until every noted line is written and the log's thread "
      "has ended.");
  struct {
    explore::gate reached;
    explore::gate open;
  } disk;
  std::atomic<bool> destroyed = false;

  std::jthread owner([&] {
    explore::role("owner");
    {
      background_log log([&disk](const std::string&) {
        auto& slow = disk;  // the closure may be destroyed
        slow.reached.open();
        slow.open.wait();
      });
      log.note("a line");
      disk.reached.wait();
    }
    destroyed = true;
  });
  std::this_thread::sleep_for(1h);  // the disk is slow

  EXPECT_FALSE(destroyed) << "step 5.4: the log is destroyed, and its "
                             "thread still writes a line";
  disk.open.open();
  owner.join();
  EXPECT_EQ(explore::threads_alive(), 0);
}

EXPLORED(leaks_log, every_line_is_written, 5.4, 2, .schedules = 150) {
  contract("Adds a line.");
  contract("Blocks until every noted line is written");
  explore::gate disk;
  std::atomic<int> written = 0;
  std::atomic<int> written_at_the_end = -1;

  std::jthread owner([&] {
    explore::role("owner");
    {
      background_log log([&](const std::string&) {
        disk.wait();
        ++written;
      });
      log.note("one");
      log.note("two");
      log.note("three");
    }
    written_at_the_end = written.load();
  });
  explore::settle();

  ASSERT_EQ(written_at_the_end, -1)
      << "step 5.4: the log is destroyed, and three lines are not "
         "written";
  disk.open();
  owner.join();
  EXPECT_EQ(written_at_the_end, 3)
      << "the destructor has dropped noted lines";
}

// Notes more lines than there is room for.
void expect_order_when_full() {
  explore::gate disk;
  std::string written;
  std::thread::id caller;
  std::atomic<int> written_here = 0;

  std::jthread owner([&] {
    explore::role("owner");
    caller = std::this_thread::get_id();
    background_log log([&](const std::string& line) {
      written_here += std::this_thread::get_id() == caller ? 1 : 0;
      disk.wait();
      written += line;
    });
    for (const char each : std::string("abcdefghijklmnopqrst")) {
      log.note(std::string(1, each));
    }
  });
  explore::settle();  // three of the 20 lines have no room
  disk.open();
  owner.join();

  EXPECT_EQ(written_here, 0) << "the caller of note wrote its line";
  EXPECT_EQ(written, "abcdefghijklmnopqrst") << "out of order";
}

EXPLORED(leaks_log, a_caller_does_not_wait, 5.4, 1, .schedules = 100) {
  contract("Blocks only while 16 lines wait to be written.");
  contract("calls `write` for every line, in order, on a thread");
  struct {
    explore::gate busy;
    explore::gate open;
    std::string written;
  } disk;
  std::atomic<bool> noted = false;
  std::atomic<bool> destroyed = false;

  std::jthread owner([&] {
    explore::role("owner");
    {
      background_log log([&disk](const std::string& line) {
        auto& slow = disk;  // the closure may be destroyed
        slow.busy.open();
        slow.open.wait();
        slow.written += line + '.';
      });
      log.note("first");
      disk.busy.wait();  // it is being written: it does not wait
      for (const char each : std::string("abcdefghijklmno")) {
        log.note(std::string(1, each));
      }
      log.note("");
      noted = true;
    }
    destroyed = true;
  });
  explore::settle();
  ASSERT_FALSE(destroyed) << "step 5.4: the log is destroyed, and 16 "
                             "lines wait for the slow disk";
  EXPECT_TRUE(noted)
      << "note waits for the disk, with 16 lines or fewer";
  disk.open.open();
  owner.join();

  EXPECT_EQ(disk.written, "first.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o..")
      << "an empty line is a line, too";
  expect_order_when_full();
}

}  // namespace
}  // namespace workbook::step_4
