// Runs a test under many schedules of its threads, each replayable.
//
// The test and the code under test are plain C++20: std::mutex,
// std::condition_variable, std::jthread, std::atomic, futures. They
// are compiled with -fsanitize=thread and linked with this library in
// place of the sanitizer's runtime. One thread runs at a time; who
// runs next is chosen at every synchronisation, from a seed. Time is
// virtual: it passes while every thread waits, and in some schedules
// also in between.
//
// Book: appendix "How the explorer works".
// Model: Coyote, loom and Go's testing/synctest; here for unmodified
// C++ threads.

#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace explore {

/// What one explored test asks for. Budgets are counts, never seconds,
/// so that a loaded machine reaches the same verdict.
struct options {
  /// Seeds 0 … schedules-1 are tried; the seed decides the strategy.
  int schedules = 300;
  /// A schedule with more steps than this is reported as spinning.
  int steps = 20'000;
  /// If not negative: instead of seeds, every schedule with at most
  /// this many preemptions is tried, and `schedules` is the cap.
  int exhaustive = -1;
  /// … and this many stale reads: loads that return an older value than
  /// the newest, as the memory orders of the code allow.
  int stale_reads = 2;
  /// Whether some strategies let time pass while threads could run: up
  /// to the next deadline, or up to 1 ms at any step. A test that
  /// expects exact virtual times says false.
  bool timeouts_race = true;
  /// Whether condition variables sometimes wake without a notify, and
  /// compare_exchange_weak and try_lock fail without a reason.
  bool spurious_wakeups = true;
  /// The scenario sleeps or measures time: it makes no sense where
  /// time is real (the sanitizers' builds skip it).
  bool virtual_time = false;
  /// False: the contract under test says that a call blocks until it
  /// is woken, and does not poll. A schedule fails at the first timed
  /// wait that a thread of the scenario begins (wait_for, wait_until,
  /// try_lock_for, try_acquire_for), whatever its deadline. Sleeps are
  /// no waits, and a deadline further away than 31 years is none.
  bool polls = true;
};

/// Runs `scenario` under each schedule that `wanted` asks for and adds
/// one GoogleTest failure, with the report, for the first that fails.
void run(const char* name, void (*scenario)(), options wanted = {});

/// Runs `scenario` under the one schedule that the reader has written
/// in `file` (script.hpp lists its words), in the folder that
/// $WORKBOOK_SOURCES names. The test passes if the scenario fails.
/// A file without a line counts as `step` not written.
void run_broken(const char* name, void (*scenario)(), const char* step,
                const char* file);

// ---- To be called inside a scenario ------------------------------

/// Names the calling thread in reports ("submitter"). Threads without
/// a name are called worker 1, worker 2, … in order of creation.
void role(std::string_view name);

/// A thread that has its name from the start, and is joined at the
/// end: for scenarios whose schedule somebody writes by hand.
template <typename Function>
std::jthread actor(const char* name, Function function) {
  std::jthread started(std::move(function));
  pthread_setname_np(started.native_handle(), name);
  return started;
}

/// Names the object at `address` (a mutex, a condition variable, an
/// atomic) in reports.
void name(const void* address, std::string_view name);

/// Virtual time since the schedule began. Does not advance it.
std::chrono::nanoseconds now();

/// Returns once no other thread can go on: each has ended, waits, or
/// sleeps. No virtual time passes. If a thread keeps running instead
/// (a busy wait), the schedule fails and says which.
void settle();

/// How many threads wait at this moment (for a lock, a condition, a
/// join, an atomic), timed waits included, sleeps not.
int waiting();

/// How many threads sleep (std::this_thread::sleep_for or _until).
int sleeping();

/// How many timed waits the threads of this schedule have begun so far
/// (wait_for, wait_until, try_lock_for, try_acquire_for; no sleeps).
/// For scenarios in which some calls have a deadline and others must
/// not poll; where none has, say `.polls = false`.
int timed_waits();

/// How many threads besides the test's own first one are alive.
int threads_alive();

/// How many threads were ever started in this schedule.
int threads_started();

/// Lets the `nth` start of a thread from now on fail, as the system
/// does when it has none left (std::system_error, EAGAIN).
void fail_thread_start(int nth = 1);

/// Lets one block of memory be missing (std::bad_alloc): of those of at
/// least `bytes` bytes that its thread asks for while it lives, the
/// one after `before` others. One at a time.
class missing_block {
 public:
  explicit missing_block(std::size_t before, std::size_t bytes = 0);
  ~missing_block();
  missing_block(const missing_block&) = delete;
  missing_block& operator=(const missing_block&) = delete;
};

/// How many locks the calling thread holds.
int locks_held();

/// False where exploration is not at hand (another platform, or the
/// sanitizer builds); the scenario then runs on real threads.
bool exploring();

// ---- Helpers for tests, plain C++ ---------------------------------

/// Holds back whoever calls wait() until open() is called.
class gate {
 public:
  void open() {
    std::scoped_lock lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

  /// Blocks until open() was called.
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }

 private:
  // mutex_ guards open_; opened_ is notified when it becomes true.
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

/// A move-only value that counts its live instances and calls back
/// when the last owner of it dies: `*alive` counts instances that
/// were not moved from; `at_end` (may be null) runs in the destructor
/// of such an instance, with `context`.
class payload {
 public:
  using callback = void (*)(void* context);

  explicit payload(std::atomic<int>* alive, callback at_end = nullptr,
                   void* context = nullptr)
      : alive_(alive), at_end_(at_end), context_(context) {
    ++*alive_;
  }
  payload(payload&& other) noexcept
      : alive_(other.alive_),
        at_end_(other.at_end_),
        context_(other.context_) {
    other.alive_ = nullptr;
  }
  payload& operator=(payload&& other) noexcept {
    if (this != &other) {
      payload discarded(static_cast<payload&&>(*this));
      alive_ = other.alive_;
      at_end_ = other.at_end_;
      context_ = other.context_;
      other.alive_ = nullptr;
    }
    return *this;
  }
  ~payload() {
    if (alive_ == nullptr) {
      return;
    }
    --*alive_;
    if (at_end_ != nullptr) {
      at_end_(context_);
    }
  }

 private:
  std::atomic<int>* alive_;  // null once moved from
  callback at_end_;
  void* context_;
};

}  // namespace explore
