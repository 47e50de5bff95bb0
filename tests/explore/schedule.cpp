#include "schedule.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace explore {
namespace {

constinit thread_local thread* running_self = nullptr;
schedule the_schedule;

/// Steps after which a thread that settle() waits for is spinning.
constexpr std::uint32_t settle_patience = 2'000;

/// Deadlines that finish() lets pass for threads that still sleep.
constexpr int most_last_deadlines = 1'000;

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
  return running_self;
}
bool explored() {
  return running_self != nullptr && running_self->ignoring == 0;
}

unexplored::unexplored() {
  if (running_self != nullptr) {
    ++running_self->ignoring;
  }
}

unexplored::~unexplored() {
  if (running_self != nullptr) {
    --running_self->ignoring;
  }
}

// ---- The ends ----------------------------------------------------

void schedule::begin(record& into, std::unique_ptr<strategy> how,
                     const options& wanted, bool traced) {
  record_ = &into;
  strategy_ = std::move(how);
  wanted_ = wanted;
  traced_ = traced;
  memory_.begin(strategy_->reads_stale());
  thread& first = *add_thread();
  name_thread(first, "test");
  first.clock.tick(0);
  running_self = &first;
}

void schedule::finish() {
  announce(operation::settle, nullptr, nullptr);
  for (int naps = 0; naps < most_last_deadlines; ++naps) {
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
  running_self = nullptr;
}

void schedule::fail(ending how, std::string_view text) {
  unexplored here;
  record_->how = how;
  if (how != ending::leak && running_self != nullptr) {
    record_->culprit = running_self->id;
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
    auto& summary = record_->thread[static_cast<std::size_t>(each.id)];
    summary.alive = each.alive;
    summary.waits = each.waits;
    summary.object = each.object;
    summary.last_step = each.last_step;
    if (each.waits == reason::lock) {
      // The mutex may be gone, and its memory be anything.
      const int owner = static_cast<const pthread_mutex_t*>(each.object)
                            ->__data.__owner;
      summary.holder =
          owner >= 1 && owner <= record_->threads ? owner - 1 : -1;
    }
  }
}

// ---- Happens-before ----------------------------------------------

void schedule::acquire(const void* object) {
  if (const vector_clock* published = clocks_.find(object)) {
    running_self->clock.join(*published);
  }
}

void schedule::release(const void* object) {
  vector_clock* published = clocks_.get(object);
  if (published == nullptr) {
    fail(ending::too_large,
         "the scenario uses more synchronisation objects than the "
         "explorer can follow");
  }
  published->join(running_self->clock);
  running_self->clock.tick(running_self->id);
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
  std::array<char, 24> role{};
  std::snprintf(role.data(), role.size(), "worker %d",
                static_cast<int>(unnamed) + 1);
  record_->threads = static_cast<int>(count_);
  record_->thread[count_ - 1] = {.alive = true};
  name_thread(added, role.data());
  strategy_->on_thread_created(added);
  if (running_self != nullptr) {
    added.clock = running_self->clock;
    running_self->clock.tick(running_self->id);
  }
  added.clock.tick(added.id);
  return &added;
}

/// The record has the name at once: the process may end at any moment,
/// and its report names the threads all the same.
void schedule::name_thread(thread& named, std::string_view role) {
  named.role.fill('\0');
  copy_text(named.role, role);
  record_->thread[static_cast<std::size_t>(named.id)].role = named.role;
}

void adopt_thread(thread* self) {
  running_self = self;
  current_schedule().start_running();
}

void schedule::start_running() {
  take_turn(*running_self);
}

void schedule::end_thread() {
  announce(operation::end, running_self, nullptr);
  release(running_self);
  running_self->alive = false;
  wake(reason::join, running_self);
  hand_over(choose_after_waiting());
  // The turn never comes back. The kernel's thread ends with the
  // process: if it ended here, it would run beside the next one.
  for (;;) {
    take_turn(*running_self);
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
  thread& me = *running_self;
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
