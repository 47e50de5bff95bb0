// Step 7.1: the spin lock, and the orders that it needs.

#include <mutex>
#include <thread>

#include "grading/grading.hpp"
#include "spin_lock.hpp"

namespace workbook::step_1 {
namespace {

EXPLORED(spin_lock, lets_one_in_at_a_time, 7.1, 2) {
  contract("Blocks until the lock is free, and takes it.");
  spin_lock lock;
  int count = 0;  // plain: without the lock this is a data race
  const auto add = [&] {
    std::scoped_lock held(lock);
    ++count;
  };

  std::jthread one(add);
  std::jthread other(add);
  one.join();
  other.join();

  EXPECT_EQ(count, 2) << "an increment was lost: two threads were "
                         "between lock and unlock";
}

EXPLORED(spin_lock, publishes_what_was_written, 7.1, 2) {
  contract(
      "What one holder wrote before unlock, the next one reads after "
      "lock.");
  spin_lock lock;
  int written = 0;
  bool read = false;
  std::jthread writer([&] {
    lock.lock();
    written = 42;
    lock.unlock();
  });

  while (!read) {
    if (lock.try_lock()) {
      read = written == 42;
      lock.unlock();
    }
    std::this_thread::yield();
  }
  writer.join();

  EXPECT_EQ(written, 42);
}

EXPLORED(spin_lock, try_lock_never_waits, 7.1, 1) {
  contract("otherwise returns false. Never blocks.");
  spin_lock lock;
  const bool first = lock.try_lock();
  const bool second = lock.try_lock();
  lock.unlock();
  const bool third = lock.try_lock();

  EXPECT_TRUE(first) << "the lock was free";
  EXPECT_FALSE(second) << "the lock was held";
  EXPECT_TRUE(third) << "unlock has released it";
}

EXPLORED(spin_lock, unlock_lets_the_next_one_in, 7.1, 1) {
  contract("Releases the lock.");
  spin_lock lock;
  int order = 0;
  lock.lock();
  std::jthread next([&] {
    lock.lock();
    order = order == 1 ? 2 : -1;
    lock.unlock();
  });

  order = 1;
  lock.unlock();
  next.join();

  EXPECT_EQ(order, 2) << "a thread took a lock that was held";
}

// A thread that looks again without yielding goes on until the explorer
// takes the processor from it, after 200 steps.
EXPLORED(spin_lock, gives_way_to_its_holder, 7.1, 1, .steps = 3'000) {
  contract("A thread that waits for it does not sleep: it yields");
  spin_lock lock;
  int count = 0;
  const auto add_twice = [&] {
    for (int i = 0; i < 2; ++i) {
      std::scoped_lock held(lock);
      ++count;
      for (int turn = 0; turn < 5; ++turn) {  // a long critical section
        std::this_thread::yield();
      }
    }
  };

  {
    std::jthread one(add_twice);
    std::jthread other(add_twice);
    std::jthread third(add_twice);
  }

  EXPECT_EQ(count, 6);
  EXPECT_EQ(explore::sleeping(), 0);
}

}  // namespace
}  // namespace workbook::step_1
