// The options of a scheduler, and what it reports.
//
// Book: chapter 6. Given: nothing here is left to write.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "goroutine.hpp"

namespace workbook::gmp {

/// What there is to say about a goroutine that has not ended.
struct goroutine_info {
  std::uint64_t id = 0;
  std::string name = {};
  std::string started = {};  // "file:line"
  wait_reason waits = wait_reason::none;
  bool unstarted = false;               // it never ran
  const void* object = nullptr;         // what it waits for
  std::chrono::nanoseconds waiting{0};  // for so long

  /// One line: `goroutine 7 "reader" (main.cpp:12) waits to receive
  /// from 0x7f… for 20ms`.
  [[nodiscard]] std::string text() const;
};

/// Thrown by scheduler::run when every goroutine waits, and no timer,
/// descriptor or blocking call is left that could wake one.
class deadlock : public std::runtime_error {
 public:
  explicit deadlock(std::vector<goroutine_info> waiting);
  /// Those that wait, oldest first.
  [[nodiscard]] const std::vector<goroutine_info>& goroutines() const {
    return goroutines_;
  }

 private:
  std::vector<goroutine_info> goroutines_;
};

/// In which order unstarted goroutines run.
enum class spawn_order {
  fifo,  ///< oldest first: the default, and fair
  lifo   ///< youngest first (deque.hpp): fork-join keeps few alive
};

struct options {
  /// How many goroutines run at a time; 0: one per hardware thread.
  int processors = 0;
  /// Bytes of address space per stack; a multiple of 4096, at least
  /// four pages. Only the pages that are touched become memory.
  std::size_t stack_size = 64 * 1024;
  /// Time passes only when no goroutine can run, and then at once to
  /// the next timer; or by scheduler::advance.
  bool virtual_clock = false;
  spawn_order order = spawn_order::fifo;
  /// Whether a thread watches for goroutines that run for 10 ms.
  bool monitor = true;
  /// How many goroutines a local queue holds: 2 to 256.
  std::uint32_t queue_limit = 256;
  /// How long a machine looks for work before it sleeps.
  std::chrono::nanoseconds spin = std::chrono::microseconds(50);
  /// Where the random numbers of select and stealing begin.
  std::uint64_t seed = 1;
  /// How many events each processor keeps; 0: no trace.
  std::size_t trace_events = 0;
  /// The monitor prints a line like Go's schedtrace so often; 0: never.
  std::chrono::milliseconds schedtrace{0};
  /// Whether machines order their accesses by fences alone; otherwise
  /// the monitor pays, with membarrier(2), where the system has it.
  bool plain_fences = false;
  /// Gets each goroutine that is still there when run returns. None:
  /// a line on stderr.
  std::function<void(const goroutine_info&)> on_leak = {};
  /// Gets the exception of a goroutine whose handle was dropped. None:
  /// std::terminate, as for a thread.
  std::function<void(std::exception_ptr)> on_error = {};
};

}  // namespace workbook::gmp
