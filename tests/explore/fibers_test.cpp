// Code that changes its stack by hand: chapter 6 is made of it. To the
// explorer it is nothing special: what orders two accesses of a fiber
// is what the threads do that run it.

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "ending_of.hpp"
#include "grading/grading.hpp"

#if defined(__x86_64__)

// Keeps on the old stack what a callee must keep, notes that stack in
// *from, and goes on where `to` was noted.
extern "C" void fibers_test_switch(void** from, void* to);
asm(R"(
.text
.type fibers_test_switch, @function
fibers_test_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size fibers_test_switch, .-fibers_test_switch
)");

namespace {

using explore::ending;
using explore::ending_of;

struct fiber {
  explicit fiber(void (*entry)()) {
    auto* const end = reinterpret_cast<void**>(stack.get() + size);
    end[-2] = reinterpret_cast<void*>(entry);
    top = end - 8;  // six registers, then where to return to
  }
  static constexpr std::size_t size = 64 * 1024;
  std::unique_ptr<std::byte[]> stack{new std::byte[size]};
  void* top;
  bool ended = false;
};

/// What belongs to a thread. A fiber that comes back from a switch may
/// be on another one; so it has to be asked for anew each time, and the
/// compiler must not know what the answer depends on.
struct on_thread {
  void* top = nullptr;
  fiber* running = nullptr;
};
[[gnu::noinline]] on_thread& here() {
  static thread_local on_thread own;
  asm volatile("");
  return own;
}

/// Puts a fiber back that yields: once it is off its stack, or, which
/// is wrong, while it is still on it.
enum class put_back { after_the_switch, before_the_switch };

class fiber_pool {
 public:
  static inline put_back when;
  static inline int turns;
  static inline std::mutex mutex;
  static inline std::deque<fiber*> ready;

  static void put(fiber* each) {
    std::scoped_lock lock(mutex);
    ready.push_back(each);
  }

  static fiber* take() {
    std::scoped_lock lock(mutex);
    if (ready.empty()) {
      return nullptr;
    }
    fiber* const first = ready.front();
    ready.pop_front();
    return first;
  }

  /// What a thread does.
  static void work() {
    while (fiber* const next = take()) {
      here().running = next;
      fibers_test_switch(&here().top, next->top);
      if (!next->ended && when == put_back::after_the_switch) {
        put(next);
      }
    }
  }

  static void yield() {
    fiber* const self = here().running;
    if (when == put_back::before_the_switch) {
      put(self);
    }
    fibers_test_switch(&self->top, here().top);
  }

  /// What a fiber does: three turns, each of them counted.
  static void count() {
    for (int i = 0; i < 3; ++i) {
      {
        std::scoped_lock lock(mutex);
        ++turns;
      }
      yield();
    }
    here().running->ended = true;
    fibers_test_switch(&here().running->top, here().top);
  }
};

template <put_back When>
void run_fibers() {
  fiber_pool::when = When;
  fiber one(fiber_pool::count);
  fiber two(fiber_pool::count);
  fiber_pool::put(&one);
  fiber_pool::put(&two);
  {
    std::jthread first(fiber_pool::work);
    std::jthread second(fiber_pool::work);
  }
  EXPECT_EQ(fiber_pool::turns, 6);
}

TEST(explorer_passes, fibers_that_move_between_threads) {
  EXPECT_EQ(ending_of(run_fibers<put_back::after_the_switch>),
            ending::passed);
}

// The thread that takes it runs on a stack where another still is.
TEST(explorer_finds, fiber_that_is_put_back_before_it_has_left) {
  const ending how = ending_of(run_fibers<put_back::before_the_switch>);
  EXPECT_TRUE(how == ending::race || how == ending::crashed)
      << static_cast<int>(how);
}

}  // namespace

#endif
