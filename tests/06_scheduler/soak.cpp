// Everything at once, for minutes: goroutines that spawn, send,
// receive, select, sleep, block, cancel and throw, on 1, 2 and 8
// processors, run after run, each with a seed of its own. At the end of
// each run every value that was sent was received, every exception
// arrived, no goroutine is left, and the trace keeps the rules.
//
//   make soak LAB=06 MINUTES=5
//
// A run that does not end within a minute is a failure: it prints its
// seed and the state of the scheduler, and aborts.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "channel.hpp"
#include "gmp.hpp"
#include "mutex.hpp"
#include "select.hpp"
#include "trace_export.hpp"
#include "wait_group.hpp"

namespace {

namespace gmp = workbook::gmp;
using gmp::channel_status;
using std::chrono::microseconds;
using std::chrono::steady_clock;

using random_numbers = std::minstd_rand;

// What goes in and what comes out of one run.
struct ledger {
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> sent_sum = 0;
  std::atomic<std::uint64_t> received = 0;
  std::atomic<std::uint64_t> received_sum = 0;
  std::atomic<std::uint64_t> spawned = 0;
  std::atomic<std::uint64_t> ended = 0;
  std::atomic<std::uint64_t> thrown = 0;
  std::atomic<std::uint64_t> caught = 0;
  std::uint64_t locked = 0;  // guarded by the gmp::mutex
  std::atomic<std::uint64_t> locks = 0;

  void add_sent(std::uint64_t value) {
    ++sent;
    sent_sum += value;
  }
  void add_received(std::uint64_t value) {
    ++received;
    received_sum += value;
  }
};

// What the goroutines of one run share.
struct world {
  ledger seen = {};
  gmp::channel<std::uint64_t> narrow{0};
  gmp::channel<std::uint64_t> wide{16};
  gmp::mutex mutex;
  gmp::wait_group users;
  std::stop_source stop;
};

microseconds short_time(random_numbers& random) {
  return microseconds(random() % 300);
}

// One attempt to send on one of the channels, with or without limits.
void send_somewhere(world& all, random_numbers& random) {
  std::uint64_t value = random();
  const std::uint64_t kept = value;
  auto& to = random() % 2 == 0 ? all.narrow : all.wide;
  channel_status how = channel_status::would_block;
  switch (random() % 4) {
    case 0:
      how = to.try_send(std::move(value));
      break;
    case 1:
      how = to.send_for(std::move(value), short_time(random));
      break;
    case 2:
      how = to.send(std::move(value), all.stop.get_token());
      break;
    default: {
      const auto taken = gmp::select(
          gmp::send_to(all.narrow, value),
          gmp::send_to(all.wide, value), gmp::after(short_time(random)),
          gmp::stopped(all.stop.get_token()));
      how = taken.status;
    }
  }
  if (how == channel_status::ok) {
    all.seen.add_sent(kept);
  }
}

void receive_somewhere(world& all, random_numbers& random) {
  auto& from = random() % 2 == 0 ? all.narrow : all.wide;
  std::optional<std::uint64_t> one;
  std::optional<std::uint64_t> other;
  switch (random() % 4) {
    case 0:
      one = from.try_receive().value;
      break;
    case 1:
      one = from.receive_for(short_time(random)).value;
      break;
    case 2:
      one = from.receive(all.stop.get_token()).value;
      break;
    default:
      (void)gmp::select(gmp::receive_from(all.narrow, one),
                        gmp::receive_from(all.wide, other),
                        gmp::after(short_time(random)),
                        gmp::stopped(all.stop.get_token()));
  }
  for (const auto& each : {one, other}) {
    if (each) {
      all.seen.add_received(*each);
    }
  }
}

// A child that throws or not, joined, dropped, or joined until a stop.
void spawn_child(world& all, random_numbers& random) {
  ++all.seen.spawned;
  const bool throws = random() % 2 == 0;
  gmp::handle child = gmp::go("child", [&all, throws] {
    ++all.seen.ended;
    if (throws) {
      ++all.seen.thrown;
      gmp::yield();
      throw 1;
    }
  });
  try {
    switch (random() % 3) {
      case 0:
        child.join();
        break;
      case 1:
        (void)child.join(all.stop.get_token());
        break;
      default:
        break;  // dropped: on_error gets the exception
    }
  } catch (int) {
    ++all.seen.caught;
  }
}

void block_shortly(random_numbers& random) {
  const auto sleep = [length = short_time(random)] {
    std::this_thread::sleep_for(length);
  };
  if (random() % 2 == 0) {
    gmp::blocking(sleep);
  } else {
    gmp::maybe_blocking(sleep);
  }
}

void lock_and_count(world& all) {
  const std::scoped_lock lock(all.mutex);
  ++all.seen.locked;
  ++all.seen.locks;
}

void use(world& all, unsigned seed, int rounds) {
  random_numbers random(seed);
  for (int i = 0; i < rounds; ++i) {
    switch (random() % 16) {
      case 0:
        gmp::sleep_for(short_time(random));
        break;
      case 1:
        block_shortly(random);
        break;
      case 2:
      case 3:
        spawn_child(all, random);
        break;
      case 4:
        gmp::yield();
        break;
      case 5:
        lock_and_count(all);
        break;
      default:
        random() % 2 == 0 ? send_somewhere(all, random)
                          : receive_somewhere(all, random);
    }
  }
  all.users.done();
}

// Takes what is left once the users have ended.
void drain(world& all) {
  for (auto* each : {&all.narrow, &all.wide}) {
    each->close();
    while (const auto value = each->receive()) {
      all.seen.add_received(*value);
    }
  }
}

// Main: users, a stop from a thread of the system meanwhile,
// and the end of every one of them.
void run_world(world& all, random_numbers& random) {
  constexpr int users = 40;
  all.users.add(users);
  for (int i = 0; i < users; ++i) {
    (void)gmp::go("user", [&all, seed = random()] {
      use(all, static_cast<unsigned>(seed), 100);
    });
  }
  std::thread outside([&all, length = microseconds(random() % 20'000)] {
    std::this_thread::sleep_for(length);
    all.stop.request_stop();
  });
  all.users.wait();
  drain(all);
  gmp::blocking([&] { outside.join(); });
  const ledger& seen = all.seen;
  while (seen.ended != seen.spawned || seen.caught != seen.thrown) {
    // Dropped children. To yield would fill the trace meanwhile.
    gmp::sleep_for(std::chrono::milliseconds(1));
  }
  // The last of them has still to leave its stack.
  gmp::sleep_for(std::chrono::milliseconds(1));
}

// Events are numbered from 0. A trace whose ring has wrapped around may
// lack that a goroutine parked: it cannot be checked.
bool complete(const std::vector<gmp::trace_event>& trace) {
  return trace.empty() || trace.back().order + 1 == trace.size();
}

// What is wrong after a run; "" if nothing is.
std::string wrong(const world& all, std::size_t left,
                  const std::vector<gmp::trace_event>& trace) {
  const ledger& seen = all.seen;
  if (seen.sent != seen.received ||
      seen.sent_sum != seen.received_sum) {
    return std::to_string(seen.sent) + " values sent, " +
           std::to_string(seen.received) + " received";
  }
  if (seen.locked != seen.locks) {
    return "two goroutines held the mutex at once";
  }
  if (left != 0) {
    return std::to_string(left) + " goroutines left";
  }
  return complete(trace) ? gmp::check_trace(trace)
                         : "the trace has lost events";
}

// Ends the process if a run does not end within a minute.
class watch {
 public:
  watch(gmp::scheduler& which, unsigned seed)
      : thread_([&which, seed](const std::stop_token& stop) {
          const auto end =
              steady_clock::now() + std::chrono::minutes(1);
          while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            if (steady_clock::now() > end) {
              std::fprintf(stderr, "seed %u hangs: %s\n", seed,
                           which.schedtrace().c_str());
              std::abort();
            }
          }
        }) {}

 private:
  std::jthread thread_;
};

struct totals {
  std::uint64_t runs = 0;
  std::uint64_t goroutines = 0;
  std::uint64_t values = 0;
  std::uint64_t exceptions = 0;
};

// One run; prints what is wrong with it.
bool soak_once(int processors, unsigned seed, totals& sum) {
  random_numbers random(seed);
  world all;
  const bool traced = random() % 4 == 0;
  gmp::scheduler scheduler(
      {.processors = processors,
       .order = random() % 2 == 0 ? gmp::spawn_order::fifo
                                  : gmp::spawn_order::lifo,
       .queue_limit = 2 + static_cast<std::uint32_t>(random() % 255),
       .seed = seed,
       .trace_events = traced ? std::size_t{1} << 17 : 0,
       .plain_fences = random() % 2 == 0,
       .on_error = [&all](const std::exception_ptr&) {
         ++all.seen.caught;
       }});
  std::size_t left = 0;
  {
    const watch watches(scheduler, seed);
    left = scheduler.run([&] { run_world(all, random); }).size();
  }
  ++sum.runs;
  sum.goroutines += all.seen.spawned + 40;
  sum.values += all.seen.received;
  sum.exceptions += all.seen.caught;
  const std::string fault = wrong(all, left, scheduler.trace());
  if (!fault.empty()) {
    std::printf("%d processors, seed %u: %s\n", processors, seed,
                fault.c_str());
  }
  return fault.empty();
}

}  // namespace

int main(int count, char** arguments) {
  const double minutes = count > 1 ? std::atof(arguments[1]) : 1.0;
  const auto end = steady_clock::now() +
                   std::chrono::duration_cast<steady_clock::duration>(
                       std::chrono::duration<double>(minutes * 60));
  bool right = true;
  totals sum;
  unsigned seed = 1;
  while (right && steady_clock::now() < end) {
    for (const int processors : {1, 2, 8}) {
      right = soak_once(processors, seed++, sum) && right;
    }
  }
  std::printf(
      "%llu runs, %llu goroutines, %llu values, %llu exceptions: %s\n",
      static_cast<unsigned long long>(sum.runs),
      static_cast<unsigned long long>(sum.goroutines),
      static_cast<unsigned long long>(sum.values),
      static_cast<unsigned long long>(sum.exceptions),
      right ? "conserved" : "NOT conserved");
  return right ? 0 : 1;
}
