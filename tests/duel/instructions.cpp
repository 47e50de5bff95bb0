// How many instructions the operations of chapters 6 and 7 take, under
// callgrind.
//
//   valgrind --tool=callgrind --instr-atstart=no instructions
//
// One processor, no monitor: so each run counts the same.

#include <valgrind/callgrind.h>

#include <cstdio>
#include <mutex>
#include <optional>

#include "channel.hpp"
#include "context.hpp"
#include "counted.hpp"
#include "elastic_pool.hpp"
#include "gmp.hpp"
#include "goroutines.hpp"
#include "mutex.hpp"
#include "select.hpp"
#include "wait_group.hpp"

namespace {

namespace gmp = workbook::gmp;

using workbook::duel::count;
using workbook::duel::operations;

gmp::context measuring;
gmp::context other;

void switch_back(void* /*argument*/, void* /*passed*/) {
  for (;;) {
    (void)gmp::switch_context(other, measuring, nullptr);
  }
}

void switches() {
  alignas(64) static char memory[64 * 1024];
  other =
      gmp::prepare_stack(memory + sizeof(memory), switch_back, nullptr);
  count("switch", [] {
    for (int i = 0; i < operations; i += 2) {
      (void)gmp::switch_context(measuring, other, nullptr);
    }
  });
}

void yields() {
  bool done = false;
  gmp::handle second = gmp::go([&] {
    while (!done) {
      gmp::yield();
    }
  });
  count("yield", [] {
    for (int i = 0; i < operations; i += 2) {
      gmp::yield();
    }
  });
  done = true;
  second.join();
}

void spawns() {
  count("spawn and join", [] {
    for (int i = 0; i < operations; ++i) {
      gmp::go([] {}).join();
    }
  });
  count("spawn and wait", [] {
    gmp::wait_group all;
    all.add(operations);
    for (int i = 0; i < operations; ++i) {
      (void)gmp::go([&all] { all.done(); });
    }
    all.wait();
  });
}

void ping_pong() {
  gmp::channel<int> there;
  gmp::channel<int> back;
  gmp::handle answering = gmp::go([&] {
    while (auto value = there.receive()) {
      (void)back.send(int{*value});
    }
  });
  count("ping-pong", [&] {
    for (int i = 0; i < operations; ++i) {
      (void)there.send(int{i});
      (void)back.receive();
    }
  });
  there.close();
  answering.join();
}

void buffered() {
  gmp::channel<int> values(1'024);
  count("buffered send and receive", [&] {
    for (int i = 0; i < operations; ++i) {
      (void)values.send(int{i});
    }
    for (int i = 0; i < operations; ++i) {
      (void)values.receive();
    }
  });
}

void selects() {
  gmp::channel<int> a(1);
  gmp::channel<int> b(1);
  gmp::channel<int> c(1);
  count("send and select of 3", [&] {
    for (int i = 0; i < operations; ++i) {
      std::optional<int> x;
      std::optional<int> y;
      std::optional<int> z;
      (void)b.send(int{i});
      (void)gmp::select(gmp::receive_from(a, x),
                        gmp::receive_from(b, y),
                        gmp::receive_from(c, z));
    }
  });
}

void locks() {
  gmp::mutex mutex;
  count("lock and unlock", [&] {
    for (int i = 0; i < operations; ++i) {
      const std::scoped_lock lock(mutex);
    }
  });
}

void submits() {
  workbook::elastic_pool<workbook::goroutines> pool({.capacity = 8});
  using at = workbook::elastic_pool<workbook::goroutines>::time_point;
  count("submit to elastic_pool, on goroutines", [&] {
    for (int i = 0; i < operations; ++i) {
      (void)pool.submit([] {});
    }
    (void)pool.wait_idle_until(at::max());
  });
}

}  // namespace

int main() {
  if (RUNNING_ON_VALGRIND == 0) {
    std::fprintf(stderr, "instructions: valgrind runs it\n");
    return 2;
  }
  gmp::scheduler scheduler({.processors = 1, .monitor = false});
  (void)scheduler.run([] {
    switches();
    yields();
    spawns();
    ping_pong();
    buffered();
    selects();
    locks();
    submits();
  });
  return 0;
}
