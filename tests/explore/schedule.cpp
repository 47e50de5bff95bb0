#include "schedule.hpp"

#include <execinfo.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "raw_syscall.hpp"

namespace explore {
namespace {

constinit thread_local thread* own = nullptr;
schedule the_schedule;

/// Steps after which a thread that settle() waits for is spinning.
constexpr std::uint32_t settle_patience = 2'000;

/// Deadlines that finish() lets pass for threads that still sleep.
constexpr int longest_farewell = 1'000;

constexpr int clock_reads_until_polling = 100;
constexpr instant polling_tick = 1'000;  // ns a further look

void copy_text(std::span<char> to, std::string_view text) {
  const std::size_t length = std::min(text.size(), to.size() - 1);
  std::copy_n(text.begin(), length, to.begin());
  to[length] = '\0';
}

}  // namespace

schedule& current_schedule() {
  return the_schedule;
}
thread* schedule::self() {
  return own;
}
bool explored() {
  return own != nullptr && own->ignoring == 0;
}

unexplored::unexplored() {
  if (own != nullptr) {
    ++own->ignoring;
  }
}

unexplored::~unexplored() {
  if (own != nullptr) {
    --own->ignoring;
  }
}

// ---- The ends ----------------------------------------------------

void schedule::begin(record& into, std::unique_ptr<strategy> how,
                     const options& wanted, bool traced) {
  record_ = &into;
  strategy_ = std::move(how);
  wanted_ = wanted;
  traced_ = traced;
  thread& first = *add_thread();
  copy_text(first.role, "test");
  first.clock.tick(0);
  own = &first;
}

void schedule::finish() {
  announce(operation::settle, nullptr, nullptr);
  for (int naps = 0; naps < longest_farewell; ++naps) {
    wait(reason::settle, nullptr);
    if (earliest_deadline() == never) {
      break;
    }
    pass_time(earliest_deadline());
  }
  for (const thread& each : threads().subspan(1)) {
    record_->culprit = each.id;
    if (each.alive) {
      fail(ending::leak,
           "the scenario has ended, but a thread that it started lives "
           "on");
    }
    if (!each.joined && !each.detached) {
      fail(ending::leak,
           "a thread has ended, but nobody joined or detached it");
    }
  }
  record_->how = ending::passed;
  summarise();
  own = nullptr;
}

void schedule::fail(ending how, std::string_view text) {
  unexplored here;
  record_->how = how;
  if (how != ending::leak && own != nullptr) {
    record_->culprit = own->id;
  }
  copy_text(record_->text, text);
  summarise();
  explore_failing_step();
  std::fflush(nullptr);  // what the reader's code printed
  _exit(1);
}

void schedule::summarise() {
  record_->threads = static_cast<int>(count_);
  for (const thread& each : threads()) {
    auto& told = record_->thread[static_cast<std::size_t>(each.id)];
    told.role = each.role;
    told.alive = each.alive;
    told.waits = each.waits;
    told.object = each.object;
    told.last_step = each.last_step;
    if (each.waits == reason::lock) {
      // The mutex may be gone, and its memory be anything.
      const int owner =
          static_cast<const pthread_mutex_t*>(each.object)
              ->__data.__owner;
      told.holder =
          owner >= 1 && owner <= record_->threads ? owner - 1 : -1;
    }
  }
}

// ---- Steps -------------------------------------------------------

void schedule::announce(operation what, const void* object,
                        const void* caller) {
  thread& me = *own;
  me.clock_reads = 0;
  me.intends = what;
  commit_some();
  if (wanted_.timeouts_race && earliest_deadline() != never &&
      strategy_->happens(accident::pass_deadline)) {
    pass_time(earliest_deadline());
  }
  thread& next = choose(what == operation::yield);
  if (&next != &me) {
    hand_over(next);
    take_turn(me);
  }
  write_step(what, object, caller);
}

void schedule::write_step(operation what, const void* object,
                          const void* caller) {
  thread& me = *own;
  const std::uint32_t at = record_->steps++;
  if (at >= static_cast<std::uint32_t>(wanted_.steps) ||
      at >= max_steps) {
    fail(ending::spinning,
         "the schedule does not end: it is still running after its "
         "budget of steps");
  }
  if (at >= rest_by_) {
    fail(
        ending::spinning,
        "the threads do not come to rest: this one keeps running where "
        "it should wait");
  }
  me.last_step = at;
  me.did = what;
  const auto move = static_cast<std::uint64_t>(me.id) << 8 |
                    static_cast<std::uint64_t>(what);
  record_->hash = (record_->hash ^ (move + 1)) * 0x100000001b3u;
  step& entry = record_->trace[at];
  entry = step{};
  entry.thread = static_cast<std::uint8_t>(me.id);
  entry.what = what;
  entry.time = now_;
  entry.object = object;
  entry.caller = caller;
  if (traced_) {
    unexplored here;
    std::array<void*, max_frames> frames{};
    backtrace(frames.data(), max_frames);
    std::ranges::copy(frames, entry.frames.begin());
  }
}

bool schedule::wait(reason why, const void* object, instant deadline) {
  thread& me = *own;
  drain(me);
  me.waits = why;
  me.object = object;
  me.deadline = deadline;
  me.timed_out = false;
  record_->trace[me.last_step].blocked = true;
  thread& next = choose_after_waiting();
  if (&next != &me) {
    hand_over(next);
    take_turn(me);
  }
  return !me.timed_out;
}

int schedule::wake(reason why, const void* object, int count) {
  std::array<thread*, max_threads> waiters{};
  std::size_t found = 0;
  for (thread& each : threads()) {
    if (each.waits == why && each.object == object) {
      waiters[found++] = &each;
    }
  }
  int woken = 0;
  while (found > 0 && woken < count) {
    const bool all = static_cast<int>(found) <= count - woken;
    const std::size_t chosen = all ? 0 : strategy_->pick(found);
    waiters[chosen]->waits = reason::none;
    waiters[chosen]->deadline = never;
    std::copy(waiters.begin() + static_cast<std::ptrdiff_t>(chosen) + 1,
              waiters.begin() + static_cast<std::ptrdiff_t>(found),
              waiters.begin() + static_cast<std::ptrdiff_t>(chosen));
    --found;
    ++woken;
  }
  if (own != nullptr && woken > 0) {
    record_->trace[own->last_step].woken +=
        static_cast<std::uint16_t>(woken);
  }
  return woken;
}

int schedule::count_waiting(reason why, const void* object) const {
  return static_cast<int>(
      std::ranges::count_if(threads_, [&](const thread& each) {
        return each.waits == why && each.object == object;
      }));
}

bool schedule::wakes_spuriously() {
  if (!wanted_.spurious_wakeups ||
      !strategy_->happens(accident::spurious_wakeup)) {
    return false;
  }
  record_->trace[own->last_step].spurious = true;
  return true;
}

// ---- Who goes on -------------------------------------------------

std::size_t schedule::collect_runnable() {
  std::size_t found = 0;
  for (thread& each : threads()) {
    if (each.alive && each.waits == reason::none) {
      runnable_[found++] = &each;
    }
  }
  return found;
}

thread& schedule::choose(bool yields) {
  thread& me = *own;
  const std::size_t found = collect_runnable();
  const auto candidates = std::span(runnable_).first(found);
  thread& next = *candidates[strategy_->next(candidates, &me, yields)];
  me.streak = &next == &me && found > 1 ? me.streak + 1 : 0;
  record_->preemptions += &next != &me && !yields ? 1 : 0;
  return next;
}

thread& schedule::choose_after_waiting() {
  for (;;) {
    if (const std::size_t found = collect_runnable(); found > 0) {
      const auto candidates = std::span(runnable_).first(found);
      return *candidates[strategy_->next(candidates, nullptr, false)];
    }
    for (thread& each : threads()) {
      drain(each);  // time enough for every store to arrive
    }
    if (wake(reason::settle, nullptr, 1) > 0) {
      continue;
    }
    const instant next = earliest_deadline();
    if (next == never) {
      fail_deadlock();
    }
    pass_time(next);
  }
}

instant schedule::earliest_deadline() const {
  instant earliest = never;
  for (std::size_t i = 0; i < count_; ++i) {
    if (threads_[i].waits != reason::none) {
      earliest = std::min(earliest, threads_[i].deadline);
    }
  }
  return earliest;
}

void schedule::pass_time(instant until) {
  now_ = std::max(now_, until);
  for (thread& each : threads()) {
    if (each.waits != reason::none && each.deadline <= now_) {
      each.waits = reason::none;
      each.deadline = never;
      each.timed_out = true;
    }
  }
}

void schedule::fail_deadlock() {
  fail(ending::deadlock,
       "deadlock: no thread can go on, and no deadline will change "
       "that");
}

void schedule::hand_over(thread& next) {
  // pairs with take_turn: everything this thread did is visible to the
  // next one.
  next.turn.store(1, std::memory_order_release);
  raw_syscall(SYS_futex, reinterpret_cast<long>(&next.turn),
              FUTEX_WAKE_PRIVATE, 1);
}

void schedule::take_turn(thread& owner) {
  // pairs with hand_over: all that the last thread did is seen here.
  while (owner.turn.load(std::memory_order_acquire) == 0) {
    raw_syscall(SYS_futex, reinterpret_cast<long>(&owner.turn),
                FUTEX_WAIT_PRIVATE, 0, 0);
  }
  // pairs with hand_over: nobody else writes it while we have the turn.
  owner.turn.store(0, std::memory_order_relaxed);
}

// ---- Happens-before ----------------------------------------------

void schedule::acquire(const void* object) {
  if (const vector_clock* told = clocks_.find(object)) {
    own->clock.join(*told);
  }
}

void schedule::release(const void* object) {
  vector_clock* told = clocks_.get(object);
  if (told == nullptr) {
    fail(ending::too_large,
         "the scenario uses more synchronisation objects than the "
         "explorer can follow");
  }
  told->join(own->clock);
  own->clock.tick(own->id);
}

void schedule::commit_some() {
  for (thread& each : threads()) {
    while (!each.stores.empty() &&
           strategy_->happens(accident::commit_store)) {
      commit_front(each);
    }
  }
}

void schedule::drain(thread& owner) {
  while (!owner.stores.empty()) {
    commit_front(owner);
  }
}

void schedule::drain_if_within(const void* from, std::size_t size) {
  if (own->stores.any_within(from, size)) {
    drain();
  }
}

void schedule::commit_front(thread& owner) {
  const buffered_store& entry = owner.stores.front();
  std::memcpy(entry.address, &entry.value, entry.size);
  if (vector_clock* told = clocks_.get(entry.address)) {
    *told = entry.published;
  }
  owner.stores.pop();
}

// ---- Threads and time --------------------------------------------

thread* schedule::add_thread() {
  if (count_ == max_threads) {
    return nullptr;
  }
  thread& added = threads_[count_];
  added.id = static_cast<int>(count_++);
  const auto unnamed =
      std::ranges::count_if(threads(), [](const thread& each) {
        return std::string_view(each.role.data()).starts_with("worker");
      });
  std::snprintf(added.role.data(), added.role.size(), "worker %d",
                static_cast<int>(unnamed) + 1);
  strategy_->welcome(added);
  if (own != nullptr) {
    added.clock = own->clock;
    own->clock.tick(own->id);
  }
  added.clock.tick(added.id);
  return &added;
}

void adopt_thread(thread* self) {
  own = self;
  current_schedule().start_running();
}

void schedule::start_running() {
  take_turn(*own);
}

void schedule::end_thread() {
  announce(operation::end, own, nullptr);
  drain();
  release(own);
  own->alive = false;
  wake(reason::join, own);
  hand_over(choose_after_waiting());
  // The turn never comes back. The kernel's thread ends with the
  // process: if it ended here, it would run beside the next one.
  for (;;) {
    take_turn(*own);
  }
}

thread* schedule::find(pthread_t handle) {
  for (thread& each : threads().subspan(1)) {
    if (pthread_equal(each.handle, handle) != 0) {
      return &each;
    }
  }
  return nullptr;
}

int schedule::alive_besides_first() const {
  return static_cast<int>(std::count_if(
      threads_.begin() + 1,
      threads_.begin() + static_cast<std::ptrdiff_t>(count_),
      [](const thread& each) { return each.alive; }));
}

instant schedule::read_clock() {
  thread& me = *own;
  if (++me.clock_reads > clock_reads_until_polling) {
    pass_time(now_ + polling_tick);
  }
  return now_;
}

void schedule::settle(const void* caller) {
  announce(operation::settle, nullptr, caller);
  rest_by_ = record_->steps + settle_patience;
  wait(reason::settle, nullptr);
  rest_by_ = max_steps;
}

}  // namespace explore

extern "C" void __attribute__((noinline)) explore_failing_step() {
  asm volatile("");
}
