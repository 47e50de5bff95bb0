// Step 5.5: a session that ends with its last holder.

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "grading/grading.hpp"
#include "leak_5.hpp"

namespace workbook::step_5 {
namespace {

using namespace std::chrono_literals;

void expect_the_end() {
  explore::settle();
  EXPECT_EQ(explore::threads_alive(), 0)
      << "step 5.5: the session has no holder, and its thread runs on";
}

EXPLORED(leaks_session, it_ends_with_its_last_holder, 5.5, 2,
         .schedules = 150, .timeouts_race = false,
         .virtual_time = true) {
  contract(
      "session calls `beat` every `period`, on a thread of its own, "
      "until its last holder releases it.");
  std::atomic<int> beats = 0;

  std::shared_ptr<session> first =
      session::open(1min, [&] { ++beats; });
  std::shared_ptr<session> second = first;
  std::this_thread::sleep_for(150s);
  first.reset();
  std::this_thread::sleep_for(60s);
  second.reset();
  const int at_the_end = beats;
  expect_the_end();

  EXPECT_EQ(at_the_end, 3) << "one beat a minute, for 210 s";
  EXPECT_EQ(explore::now(), 210s)
      << "the release took time: did it wait for the next beat?";
}

// The holder releases the session during a beat.
EXPLORED(leaks_session, it_may_be_left_during_a_beat, 5.5, 4,
         .schedules = 300) {
  contract(
      "That release destroys the session: it blocks until a running "
      "`beat` has returned and the thread has ended.");
  explore::gate began;
  explore::gate go_on;
  std::atomic<bool> gone = false;
  std::shared_ptr<session> held = session::open(1ms, [&] {
    began.open();
    go_on.wait();
  });
  began.wait();

  std::jthread holder([&] {
    explore::role("holder");
    held.reset();
    gone = true;
  });
  explore::settle();
  EXPECT_FALSE(gone)
      << "step 5.5: the holder has released the session, "
         "and a beat still runs";
  go_on.open();
  holder.join();

  expect_the_end();
}

}  // namespace
}  // namespace workbook::step_5
