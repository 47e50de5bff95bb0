// A correct runner made of futures: one promise for the decision, one
// for the end of the work; each is waited for, never asked.

#pragma once

#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
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
    std::unique_lock changing(tasks_mutex_);
    if (current_) {
      throw std::logic_error("busy");
    }
    if (!task) {
      throw std::invalid_argument("empty");
    }
    tasks_.push_back(std::move(task));
  }

  run_report run(std::stop_token interrupt = {}) {
    const auto mine = std::make_shared<course>();
    {
      std::unique_lock changing(tasks_mutex_);
      if (current_) {
        throw std::logic_error("busy");
      }
      current_ = mine;
    }
    try {
      run_report told = conduct(*mine, std::move(interrupt));
      leave();
      return told;
    } catch (...) {
      leave();
      throw;
    }
  }

 private:
  struct cause {
    outcome how;
    clock::time_point at;
  };

  // One run. The first to take `open` makes the decision.
  struct course {
    clock::time_point start;
    clock::time_point deadline;
    std::stop_source source;
    std::promise<cause> decision;
    std::shared_future<cause> decided = decision.get_future().share();
    std::once_flag open;
    std::mutex errors;  // guards the two fields below it
    std::vector<std::exception_ptr> thrown;
    int running = -1;
  };

  void leave() {
    std::unique_lock changing(tasks_mutex_);
    current_.reset();
  }

  static void decide(course& of, outcome how, clock::time_point at) {
    std::call_once(of.open, [&] {
      const bool due = at >= of.deadline;
      of.decision.set_value(due ? cause{outcome::timed_out, of.deadline}
                                : cause{how, at});
    });
  }

  static bool is_decided(const course& of) {
    return of.decided.wait_for(nanoseconds(0)) ==
           std::future_status::ready;
  }

  run_report conduct(course& now, std::stop_token interrupt) {
    if (tasks_.empty()) {
      return {};
    }
    now.start = clock::now();
    now.deadline = deadline_after(now.start, limit_);
    const std::stop_callback listener(std::move(interrupt), [&now] {
      decide(now, outcome::interrupted, clock::now());
    });
    auto work = std::async(std::launch::async,
                           [this, &now] { return all_tasks(now); });
    while (now.decided.wait_until(now.deadline) !=
           std::future_status::ready) {
      const auto at = clock::now();
      if (at >= now.deadline) {
        decide(now, outcome::timed_out, at);
      }
    }
    const cause first = now.decided.get();
    if (first.how == outcome::timed_out ||
        first.how == outcome::interrupted) {
      now.source.request_stop();
    }
    report_overdue(now, work, first.at);
    run_report told = work.get();
    told.how = first.how;
    if (!now.thrown.empty()) {
      told.error = now.thrown.front();
      told.later_errors.assign(now.thrown.begin() + 1,
                               now.thrown.end());
    }
    return told;
  }

  void report_overdue(course& now, const std::future<run_report>& work,
                      clock::time_point since) const {
    if (options_.grace == nanoseconds(0) || !options_.on_overdue) {
      return;
    }
    nanoseconds late = options_.grace;
    for (;;) {
      const auto next = deadline_after(since, late);
      if (work.wait_until(next) == std::future_status::ready) {
        return;
      }
      int id = -1;
      {
        std::scoped_lock lock(now.errors);
        id = now.running;
      }
      if (clock::now() < next || id == -1) {
        continue;
      }
      try {
        options_.on_overdue(id, late);
      } catch (...) {
        std::scoped_lock lock(now.errors);
        now.thrown.push_back(std::current_exception());
      }
      late += options_.grace;
    }
  }

  run_report all_tasks(course& now) const {
    run_report told;
    const int count = static_cast<int>(tasks_.size());
    for (int id = 0; id != count; ++id) {
      if (const auto at = clock::now(); at >= now.deadline) {
        decide(now, outcome::timed_out, at);
      }
      if (is_decided(now)) {
        break;
      }
      set_running(now, id);
      std::exception_ptr error;
      try {
        tasks_[static_cast<std::size_t>(id)](now.source.get_token(),
                                             id);
      } catch (...) {
        error = std::current_exception();
      }
      set_running(now, -1);
      end(now, told, id, std::move(error), id + 1 == count);
    }
    return told;
  }

  static void set_running(course& now, int id) {
    std::scoped_lock lock(now.errors);
    now.running = id;
  }

  static void end(course& now, run_report& told, int id,
                  std::exception_ptr error, bool last) {
    const auto at = clock::now();
    told.ended.push_back({id, at - now.start});
    if (error || last || at >= now.deadline) {
      decide(now, error ? outcome::failed : outcome::completed, at);
    }
    if (error) {
      std::scoped_lock lock(now.errors);
      now.thrown.push_back(std::move(error));
    }
    if (is_decided(now)) {
      const cause first = now.decided.get();
      if (first.how == outcome::timed_out ||
          first.how == outcome::interrupted) {
        told.stopped = {id, at - first.at};
      }
    }
  }

  const nanoseconds limit_;
  const runner_options options_;

  // tasks_mutex_ guards the two fields below it; while current_ is
  // set, nobody changes tasks_.
  std::mutex tasks_mutex_;
  std::vector<runner_task> tasks_;
  std::shared_ptr<course> current_;
};

}  // namespace workbook
