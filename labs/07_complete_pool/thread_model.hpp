// What a pool needs from whatever runs its workers.
//
// Book: chapter 7, "The complete pool". Given to the reader as it is.
// Model: the policy classes of Alexandrescu; std's own names, so that
// std::unique_lock works with both models.

#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace workbook {

/// A type with the members of os_threads: a mutex, a condition variable
/// to wait on with it, a clock, a joinable thread, and one pointer that
/// each thread has for itself.
template <typename Model>
concept thread_model =
    std::default_initializable<typename Model::mutex> &&
    std::default_initializable<typename Model::condition_variable> &&
    std::movable<typename Model::thread> &&
    requires(typename Model::thread thread) {
  { thread.joinable() } -> std::same_as<bool>;
  thread.join();
  {Model::clock::now()};
  {
    Model::spawn([] {})
    } -> std::same_as<typename Model::thread>;
  Model::sleep_for(std::chrono::nanoseconds());
  Model::yield();
  { Model::local() } -> std::same_as<const void*&>;
};

/// The threads of the operating system.
struct os_threads {
  using mutex = std::mutex;
  using condition_variable = std::condition_variable;
  using clock = std::chrono::steady_clock;
  using thread = std::thread;

  /// Starts a thread that calls `function`. Throws std::system_error
  /// if the system has none left.
  template <typename Function>
  static thread spawn(Function function) {
    return std::thread(std::move(function));
  }

  /// Blocks the calling thread for `time`.
  static void sleep_for(std::chrono::nanoseconds time) {
    std::this_thread::sleep_for(time);
  }

  /// Lets another thread run.
  static void yield() { std::this_thread::yield(); }

  /// A pointer of the calling thread's own; null at first.
  static const void*& local() noexcept {
    static thread_local const void* pointer = nullptr;
    return pointer;
  }
};

static_assert(thread_model<os_threads>);

}  // namespace workbook
