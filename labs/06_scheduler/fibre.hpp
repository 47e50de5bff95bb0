// What the sanitizers have to know about a switch of stacks.
//
// Book: chapter 6, section "What C++ makes hard". Given: nothing here
// is left to write. Model: Boost.Context's and QEMU's annotations.

#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__SANITIZE_THREAD__)
// Weak: a program may be instrumented and linked with another runtime,
// which follows stacks by itself.
extern "C" {
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
}
#endif

namespace workbook::gmp {

/// What a sanitizer knows about one stack. Empty in other builds.
class fibre {
 public:
  /// For the stack that the calling thread was born with.
  void adopt_thread() {
#if defined(__SANITIZE_THREAD__)
    if (__tsan_get_current_fiber != nullptr) {
      thread_ = __tsan_get_current_fiber();
    }
#endif
  }

  void create([[maybe_unused]] const void* low,
              [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
    low_ = low;
    size_ = size;
#endif
    forget_frames();
#if defined(__SANITIZE_THREAD__)
    if (__tsan_create_fiber != nullptr && thread_ == nullptr) {
      thread_ = __tsan_create_fiber(0);
    }
#endif
  }

  /// Before a stack is used again whose last frames have not returned,
  /// and so have left marks around their variables.
  void forget_frames() {
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(low_, size_);
#endif
  }

  void destroy() {
#if defined(__SANITIZE_THREAD__)
    if (__tsan_destroy_fiber != nullptr && thread_ != nullptr) {
      __tsan_destroy_fiber(thread_);
      thread_ = nullptr;
    }
#endif
  }

  /// Before a switch from this stack to `to`. `ends`: never to return.
  void leave([[maybe_unused]] fibre& to, [[maybe_unused]] bool ends) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(ends ? nullptr : &fake_, to.low_,
                                   to.size_);
#endif
#if defined(__SANITIZE_THREAD__)
    if (__tsan_switch_to_fiber != nullptr) {
      __tsan_switch_to_fiber(to.thread_, 0);
    }
#endif
  }

  /// After a switch to this stack from `from`.
  void arrive([[maybe_unused]] fibre& from) {
#if defined(__SANITIZE_ADDRESS__)
    const void* low = nullptr;
    std::size_t size = 0;
    __sanitizer_finish_switch_fiber(fake_, &low, &size);
    if (from.low_ == nullptr) {
      from.low_ = low;  // a thread's own stack is known only now
      from.size_ = size;
    }
#endif
  }

 private:
#if defined(__SANITIZE_ADDRESS__)
  void* fake_ = nullptr;
  const void* low_ = nullptr;
  std::size_t size_ = 0;
#endif
#if defined(__SANITIZE_THREAD__)
  void* thread_ = nullptr;
#endif
};

}  // namespace workbook::gmp
