// A correct runner without a mutex: one atomic word says how the run
// ends, two semaphores are what its threads wait for.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

#include "deadline.hpp"
#include "run_report.hpp"

namespace workbook {

class runner {
 public:
  using clock = std::chrono::steady_clock;
  using nanoseconds = std::chrono::nanoseconds;
  static constexpr nanoseconds no_limit = nanoseconds::max();

  explicit runner(nanoseconds limit, runner_options options = {})
      : limit_(limit), options_(std::move(options)) {
    if (limit < nanoseconds(0) || options_.grace < nanoseconds(0)) {
      throw std::invalid_argument("negative");
    }
  }

  void add(runner_task task) {
    if (!task) {
      throw std::invalid_argument("empty");
    }
    const std::scoped_lock changing(tasks_mutex_);
    if (busy_) {
      throw std::logic_error("busy");
    }
    tasks_.push_back(std::move(task));
  }

  run_report run(std::stop_token interrupt = {}) {
    const turn mine(*this);
    if (tasks_.empty()) {
      return {};
    }
    one_run now(*this);
    const std::stop_callback listener(std::move(interrupt), [&now] {
      now.decide(outcome::interrupted, clock::now());
    });
    std::jthread worker([&now] { now.work(); });
    now.watch();
    worker.join();
    return now.collect();
  }

 private:
  // Lets one in, and refuses the others. The mutex keeps out who adds.
  struct turn {
    explicit turn(runner& of) : flag(of.busy_) {
      const std::scoped_lock changing(of.tasks_mutex_);
      if (flag.exchange(true)) {
        throw std::logic_error("busy");
      }
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() { flag = false; }
    std::atomic<bool>& flag;
  };

  // The decision is one word: 0 while there is none, else the outcome
  // and the time since the start, so that both change at once.
  struct one_run {
    explicit one_run(const runner& of) : by(of) {}

    static std::uint64_t word(outcome how, nanoseconds at) {
      return (static_cast<std::uint64_t>(at.count()) << 3U) |
             (static_cast<std::uint64_t>(how) + 1U);
    }
    static outcome how(std::uint64_t of) {
      return static_cast<outcome>((of & 7U) - 1U);
    }
    static nanoseconds at(std::uint64_t of) {
      return nanoseconds(static_cast<std::int64_t>(of >> 3U));
    }

    void decide(outcome cause, clock::time_point when) {
      const bool due = when >= deadline;
      const std::uint64_t wanted =
          word(due ? outcome::timed_out : cause,
               (due ? deadline : when) - start);
      std::uint64_t none = 0;
      if (decision.compare_exchange_strong(none, wanted)) {
        decided.release();
      }
    }

    void work() {
      const int count = static_cast<int>(by.tasks_.size());
      for (int id = 0; id != count; ++id) {
        const auto begins = clock::now();
        if (begins >= deadline) {
          decide(outcome::timed_out, begins);
        }
        if (decision != 0) {
          break;
        }
        running = id;
        std::exception_ptr error;
        try {
          by.tasks_[static_cast<std::size_t>(id)](source.get_token(),
                                                  id);
        } catch (...) {
          error = std::current_exception();
        }
        running = -1;
        const auto ends = clock::now();
        told.ended.push_back({id, ends - start});
        if (error || id + 1 == count || ends >= deadline) {
          decide(error ? outcome::failed : outcome::completed, ends);
        }
        thrown = std::move(error);
        const std::uint64_t word = decision;
        if (word != 0 && (how(word) == outcome::timed_out ||
                          how(word) == outcome::interrupted)) {
          told.stopped = {id, ends - start - at(word)};
        }
      }
      ended.release();
    }

    void watch() {
      if (deadline == clock::time_point::max()) {
        decided.acquire();  // the timed form sleeps between its tries
      } else {
        while (!decided.try_acquire_until(deadline)) {
          decide(outcome::timed_out, clock::now());
        }
      }
      const outcome end = how(decision);
      if (end == outcome::timed_out || end == outcome::interrupted) {
        source.request_stop();
      }
      const nanoseconds grace = by.options_.grace;
      if (grace == nanoseconds(0) || !by.options_.on_overdue) {
        ended.acquire();
        return;
      }
      for (nanoseconds late = grace;; late += grace) {
        const auto next = deadline_after(start + at(decision), late);
        if (wait_for_the_end(next)) {
          return;
        }
        if (const int id = running; id != -1) {
          try {
            by.options_.on_overdue(id, late);
          } catch (...) {
            calls_threw.push_back(std::current_exception());
          }
        }
      }
    }

    // True if it came before `until`.
    bool wait_for_the_end(clock::time_point until) {
      do {
        if (ended.try_acquire_until(until)) {
          return true;
        }
      } while (clock::now() < until);
      return false;
    }

    // An error of a callback comes before that of the task it is
    // about, for which it was called.
    run_report collect() {
      told.how = how(decision);
      if (thrown) {
        calls_threw.push_back(std::move(thrown));
      }
      if (!calls_threw.empty()) {
        told.error = calls_threw.front();
        calls_threw.erase(calls_threw.begin());
      }
      told.later_errors = std::move(calls_threw);
      return std::move(told);
    }

    const runner& by;
    const clock::time_point start = clock::now();
    const clock::time_point deadline = deadline_after(start, by.limit_);
    std::atomic<std::uint64_t> decision = 0;
    std::atomic<int> running = -1;
    std::binary_semaphore decided{0};
    std::binary_semaphore ended{0};
    std::stop_source source;
    run_report told;            // the worker's, until it has ended
    std::exception_ptr thrown;  // the worker's, until it has ended
    std::vector<std::exception_ptr> calls_threw;  // the watcher's
  };

  const nanoseconds limit_;
  const runner_options options_;
  // While busy_, nobody changes tasks_; else tasks_mutex_ guards it.
  std::mutex tasks_mutex_;
  std::atomic<bool> busy_ = false;
  std::vector<runner_task> tasks_;
};

}  // namespace workbook
